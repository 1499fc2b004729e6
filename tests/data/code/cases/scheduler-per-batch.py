#%% buggy: StepLR
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, step_size=30, gamma=0.1)
for epoch in range(90):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        s.step()  # BUG
#%% buggy: milestones in a function
def train(model, loader, o, s):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        s.step()  # BUG
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.MultiStepLR(o, milestones=[30, 60, 80])
for epoch in range(90):
    train(model, loader, o, s)
#%% buggy: cosine over epochs
EPOCHS = 50
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
s = torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=EPOCHS)
for epoch in range(EPOCHS):
    for i, (x, y) in enumerate(loader):
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        s.step()  # BUG
#%% buggy: exponential
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
s = torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.95)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        s.step()  # BUG
#%% correct: per epoch
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, step_size=30, gamma=0.1)
for epoch in range(90):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
#%% correct: settings in batches
EPOCHS = 50
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
s = torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=EPOCHS * len(loader))
for epoch in range(EPOCHS):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        s.step()
#%% correct: large step size
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
s = torch.optim.lr_scheduler.StepLR(o, step_size=10000)
for epoch in range(50):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        s.step()
#%% correct: counted in steps
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
s = torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=1000)
stream = iter(loader)
for step in range(1000):
    x, y = next(stream)
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
    s.step()
#%% buggy: settings kept by the class
#% file: module.py
import torch
import torch.nn.functional as F

class GNNTrainer(object):
    def __init__(self, model, cfg):
        self.model = model
        self.epochs = cfg.epochs
        self.optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=self.epochs)

    def fit(self, loader):
        for epoch in range(self.epochs):
            for data in loader:
                self.optimizer.zero_grad()
                out = self.model(data.x, data.edge_index)
                loss = F.nll_loss(out[data.train_mask], data.y[data.train_mask])
                loss.backward()
                self.optimizer.step()
                self.scheduler.step()  # BUG
#%% correct: settings kept by the class
#% file: module.py
import torch
import torch.nn.functional as F

class GNNTrainer(object):
    def __init__(self, model, cfg):
        self.model = model
        self.epochs = cfg.epochs
        self.optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=self.epochs)

    def fit(self, loader):
        for epoch in range(self.epochs):
            for data in loader:
                self.optimizer.zero_grad()
                out = self.model(data.x, data.edge_index)
                loss = F.nll_loss(out[data.train_mask], data.y[data.train_mask])
                loss.backward()
                self.optimizer.step()
            self.scheduler.step()
