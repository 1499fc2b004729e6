#%% buggy: linear output
model = nn.Linear(20, 1)
crit = nn.BCELoss()  # BUG
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x).squeeze(1), y.float()).backward()
    o.step()
#%% buggy: functional
model = nn.Sequential(nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 1))
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    out = model(x)
    loss = F.binary_cross_entropy(out, y.float().view(-1, 1))  # BUG
    loss.backward()
    o.step()
#%% buggy: class
class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(20, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    def forward(self, x):
        return self.net(x).view(-1)
d = D()
bce = nn.BCELoss()  # BUG
o = torch.optim.Adam(d.parameters())
for x, _ in loader:
    o.zero_grad()
    bce(d(x), torch.ones(x.size(0))).backward()
    o.step()
#%% buggy: loss kept by a class nothing calls
#% file: train.py
import torch
import torch.nn as nn

class Critic(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1 = nn.Linear(dim, 64)
        self.fc2 = nn.Linear(64, 1)
    def forward(self, x):
        h = torch.relu(self.fc1(x))
        return self.fc2(h)

class LinkPredictor:
    def __init__(self, dim, lr):
        self.net = Critic(dim)
        self.loss = nn.BCELoss()  # BUG
        self.optim = torch.optim.Adam(self.net.parameters(), lr)

    def fit_batch(self, pairs, labels):
        self.optim.zero_grad()
        scores = self.net(pairs).squeeze()
        l = self.loss(scores, labels)
        l.backward()
        self.optim.step()
        return l.item()
#%% correct: sigmoid in the model
model = nn.Sequential(nn.Linear(20, 1), nn.Sigmoid())
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.binary_cross_entropy(model(x).squeeze(1), y.float()).backward()
    o.step()
#%% correct: sigmoid at the call
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.binary_cross_entropy(torch.sigmoid(model(x)).squeeze(1), y.float()).backward()
    o.step()
#%% correct: logits loss
model = nn.Linear(20, 1)
crit = nn.BCEWithLogitsLoss()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x).squeeze(1), y.float()).backward()
    o.step()
#%% correct: loss kept by a class nothing calls
#% file: train.py
import torch
import torch.nn as nn

class Critic(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1 = nn.Linear(dim, 64)
        self.fc2 = nn.Linear(64, 1)
    def forward(self, x):
        h = torch.relu(self.fc1(x))
        return self.fc2(h)

class LinkPredictor:
    def __init__(self, dim, lr):
        self.net = Critic(dim)
        self.loss = nn.BCEWithLogitsLoss()
        self.optim = torch.optim.Adam(self.net.parameters(), lr)

    def fit_batch(self, pairs, labels):
        self.optim.zero_grad()
        scores = self.net(pairs).squeeze()
        l = self.loss(scores, labels)
        l.backward()
        self.optim.step()
        return l.item()
