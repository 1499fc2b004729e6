#%% buggy: cosine of two views
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 16))
    def forward(self, a, b):
        return self.encoder(a), self.encoder(b)

net = Pair()
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for x, _ in loader:
    za, zb = net(x + torch.randn_like(x), x + torch.randn_like(x))
    loss = -F.cosine_similarity(za, zb, dim=-1).mean()  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: squared distance of normalised outputs
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 16))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, _ in loader:
    one = F.normalize(net(x + 0.1 * torch.randn_like(x)), dim=-1)
    two = F.normalize(net(x + 0.1 * torch.randn_like(x)), dim=-1)
    loss = F.mse_loss(one, two)  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: predictor and stop-gradient
encoder = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 16))
predictor = nn.Linear(16, 16)
opt = torch.optim.SGD([*encoder.parameters(), *predictor.parameters()], lr=0.05)
for x, _ in loader:
    za, zb = encoder(x + torch.randn_like(x)), encoder(x + torch.randn_like(x))
    pa, pb = predictor(za), predictor(zb)
    loss = -(F.cosine_similarity(pa, zb.detach()).mean() + F.cosine_similarity(pb, za.detach()).mean()) / 2
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: negatives
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 16))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, _ in loader:
    one = F.normalize(net(x + 0.1 * torch.randn_like(x)), dim=-1)
    two = F.normalize(net(x + 0.1 * torch.randn_like(x)), dim=-1)
    loss = F.cross_entropy(one @ two.t() / 0.1, torch.arange(len(x)))
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: consistency beside a supervised loss
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    out = net(x)
    loss = F.cross_entropy(out, y) + F.mse_loss(net(x + 0.1 * torch.randn_like(x)), out)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: a product of normalised outputs
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 16))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, _ in loader:
    one = F.normalize(net(x + 0.1 * torch.randn_like(x)), dim=-1)
    two = F.normalize(net(x + 0.1 * torch.randn_like(x)), dim=-1)
    loss = (2 - 2 * (one * two).sum(-1)).mean()  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
