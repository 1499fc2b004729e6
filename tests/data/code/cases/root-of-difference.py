#%% buggy: euclidean distance
def distance(a, b):
    return torch.sqrt(((a - b) ** 2).sum(dim=-1))  # BUG

model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    loss = distance(z[:16], z[16:]).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: power one half
encoder = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 8))
o = torch.optim.Adam(encoder.parameters())
for x, y in loader:
    one, two = encoder(x), encoder(x.flip(0))
    d = (one - two).pow(2).sum(1) ** 0.5  # BUG
    o.zero_grad()
    F.relu(1.0 - d).mean().backward()
    o.step()
#%% buggy: module that nothing calls
class TripletDistance(nn.Module):
    def forward(self, anchor, positive, negative):
        near = (anchor - positive).square().sum(-1).sqrt()  # BUG
        far = (anchor - negative).square().sum(-1).add(1e-9).sqrt()
        return F.relu(near - far + 0.2).mean()
#%% buggy: variance by two means
model = nn.Linear(20, 8)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    z = model(x)
    spread = torch.sqrt((z ** 2).mean(0) - z.mean(0) ** 2)  # BUG
    o.zero_grad()
    F.relu(1 - spread).mean().backward()
    o.step()
#%% correct: small number under the root
model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    loss = torch.sqrt(((z[:16] - z[16:]) ** 2).sum(-1) + 1e-12).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: root mean squared error and norm
model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    loss = (z[:16] - z[16:]).norm(dim=-1).mean() + torch.sqrt(F.mse_loss(z, torch.zeros(32, 8)))
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: only looked at
model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    loss = z.pow(2).mean()
    o.zero_grad()
    loss.backward()
    o.step()
    print(torch.sqrt(((z[:16] - z[16:]) ** 2).sum(-1).detach()).mean())
