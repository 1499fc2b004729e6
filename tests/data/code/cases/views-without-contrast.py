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
#%% buggy: predictor without a stop
#% file: train.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class SimSiam(nn.Module):
    def __init__(self, backbone, dim, pred_dim):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(512, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.predictor = nn.Sequential(nn.Linear(dim, pred_dim), nn.ReLU(), nn.Linear(pred_dim, dim))

    def forward(self, x1, x2):
        z1, z2 = self.encoder(x1), self.encoder(x2)
        p1, p2 = self.predictor(z1), self.predictor(z2)
        return p1, p2, z1, z2

def train(loader, model, optimizer):
    criterion = nn.CosineSimilarity(dim=1)
    for (a, b), _ in loader:
        p1, p2, z1, z2 = model(a, b)
        loss = -(criterion(p1, z2).mean() + criterion(p2, z1).mean()) * 0.5  # BUG
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

train(get_loader(), SimSiam(None, 2048, 512), None)
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
#%% correct: predictor without a stop
#% file: train.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class SimSiam(nn.Module):
    def __init__(self, backbone, dim, pred_dim):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(512, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.predictor = nn.Sequential(nn.Linear(dim, pred_dim), nn.ReLU(), nn.Linear(pred_dim, dim))

    def forward(self, x1, x2):
        z1, z2 = self.encoder(x1), self.encoder(x2)
        p1, p2 = self.predictor(z1), self.predictor(z2)
        return p1, p2, z1.detach(), z2.detach()

def train(loader, model, optimizer):
    criterion = nn.CosineSimilarity(dim=1)
    for (a, b), _ in loader:
        p1, p2, z1, z2 = model(a, b)
        loss = -(criterion(p1, z2).mean() + criterion(p2, z1).mean()) * 0.5
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

train(get_loader(), SimSiam(None, 2048, 512), None)
