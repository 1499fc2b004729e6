#%% buggy: thresholded
X = torch.randn(400, 20)
Y = (torch.rand(400, 6) > 0.7).float()
dl = DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True)
model = nn.Linear(20, 6)
crit = nn.CrossEntropyLoss()  # BUG
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in dl:
    o.zero_grad()
    crit(model(x), y).backward()
    o.step()
#%% buggy: randint
Y = torch.randint(0, 2, (400, 6)).float()
dl = DataLoader(TensorDataset(torch.randn(400, 20), Y), batch_size=16, shuffle=True)
net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 6))
o = torch.optim.SGD(net.parameters(), lr=0.1)
for x, y in dl:
    o.zero_grad()
    loss = F.cross_entropy(net(x), y)  # BUG
    loss.backward()
    o.step()
#%% buggy: made from scores
W = torch.randn(20, 4)
X = torch.randn(300, 20)
scores = torch.randn(300, 4)
Y = (scores > 0).float()
model = nn.Linear(20, 4)
o = torch.optim.Adam(model.parameters())
for epoch in range(10):
    o.zero_grad()
    F.cross_entropy(model(X), Y).backward()  # BUG
    o.step()
#%% correct: logits loss
X = torch.randn(400, 20)
Y = (torch.rand(400, 6) > 0.7).float()
dl = DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True)
model = nn.Linear(20, 6)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in dl:
    o.zero_grad()
    F.binary_cross_entropy_with_logits(model(x), y).backward()
    o.step()
#%% correct: two classes
X = torch.randn(400, 20)
Y = (X.sum(1) > 0).long()
dl = DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True)
model = nn.Linear(20, 2)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in dl:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: soft labels
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    target = torch.full((len(x), 5), 0.02).scatter_(1, y[:, None], 0.92)
    o.zero_grad()
    F.cross_entropy(model(x), target).backward()
    o.step()
#%% buggy: outputs read one by one
#% file: module.py
import torch
import torch.nn as nn

class TagTrainer:
    def __init__(self, net):
        self.net = net
        self.criterion = nn.CrossEntropyLoss()  # BUG
        self.opt = torch.optim.Adam(net.parameters())

    def step(self, x, tags):
        targets = torch.zeros(x.size(0), 80)
        for i, t in enumerate(tags):
            targets[i, t] = 1
        logits = self.net(x)
        loss = self.criterion(logits, targets)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return (torch.sigmoid(logits) > 0.5).float()
#%% correct: outputs read one by one
#% file: module.py
import torch
import torch.nn as nn

class TagTrainer:
    def __init__(self, net):
        self.net = net
        self.criterion = nn.BCEWithLogitsLoss()
        self.opt = torch.optim.Adam(net.parameters())

    def step(self, x, tags):
        targets = torch.zeros(x.size(0), 80)
        for i, t in enumerate(tags):
            targets[i, t] = 1
        logits = self.net(x)
        loss = self.criterion(logits, targets)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return (torch.sigmoid(logits) > 0.5).float()
