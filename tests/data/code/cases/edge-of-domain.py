#%% buggy: angle between normalised vectors
model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    cosine = F.cosine_similarity(z[:16], z[16:])
    loss = torch.acos(cosine).mean()  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: sine of an angular margin
class Margin(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 20))
    def forward(self, x, label):
        cosine = F.linear(F.normalize(x), F.normalize(self.weight))
        sine = torch.sqrt(1.0 - torch.pow(cosine, 2))  # BUG
        return (cosine * 0.87 - sine * 0.47) * 30
#%% buggy: squashed gaussian
actor = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 4))
o = torch.optim.Adam(actor.parameters(), lr=3e-4)
for x, _ in loader:
    action = torch.tanh(actor(x))
    correction = torch.log(1 - action.pow(2)).sum(-1)  # BUG
    o.zero_grad()
    (-correction).mean().backward()
    o.step()
#%% correct: clamped
model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    cosine = F.cosine_similarity(z[:16], z[16:]).clamp(-1 + 1e-6, 1 - 1e-6)
    loss = torch.acos(cosine).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: small number added
actor = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 4))
o = torch.optim.Adam(actor.parameters(), lr=3e-4)
for x, _ in loader:
    action = torch.tanh(actor(x))
    correction = torch.log(1 - action.pow(2) + 1e-6).sum(-1)
    o.zero_grad()
    (-correction).mean().backward()
    o.step()
#%% correct: clipped sine
class Margin(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 20))
    def forward(self, x, label):
        cosine = F.linear(F.normalize(x), F.normalize(self.weight))
        sine = torch.sqrt((1.0 - torch.pow(cosine, 2)).clamp(1e-6, 1))
        return (cosine * 0.87 - sine * 0.47) * 30
