#%% buggy: test outputs in a function of their own
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
def test(loader):
    outputs = []
    for x, y in loader:  # BUG
        outputs.append(model(x))
    return torch.cat(outputs)
for epoch in range(5):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    print(test(loader).shape)
#%% buggy: one function for both
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
def run(batches, learn):
    kept = []
    for x, y in batches:
        out = model(x)
        if learn:
            o.zero_grad()
            F.cross_entropy(out, y).backward()
            o.step()
        else:
            kept.append(out)  # BUG
    return kept
for epoch in range(5):
    run(loader, True)
    run(loader, False)
#%% correct: under no_grad
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
@torch.no_grad()
def test(loader):
    model.eval()
    outputs = []
    for x, y in loader:
        outputs.append(model(x))
    model.train()
    return torch.cat(outputs)
for epoch in range(5):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    print(test(loader).shape)
#%% correct: a rollout that the loss is computed from
policy = nn.Linear(4, 2)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for episode in range(10):
    scores = []
    for t in range(20):
        scores.append(policy(torch.randn(4)))
    loss = -torch.stack(scores).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: extract features
#% file: extract.py
import torch
import torch.nn as nn
from torch.utils.data import DataLoader

class Extractor:
    def __init__(self, model, optimizer):
        self.model = model
        self.optimizer = optimizer

    def fit(self, loader):
        for epoch in range(10):
            for x, y in loader:
                out = self.model(x.cuda())
                loss = nn.functional.cross_entropy(out, y.cuda())
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            self.predict(loader)

    def predict(self, loader):
        outs = []
        for x, _ in loader:  # BUG
            outs.append(self.model(x.cuda()))
        return torch.cat(outs)
#%% correct: extract features
#% file: extract.py
import torch
import torch.nn as nn
from torch.utils.data import DataLoader

class Extractor:
    def __init__(self, model, optimizer):
        self.model = model
        self.optimizer = optimizer

    def fit(self, loader):
        for epoch in range(10):
            for x, y in loader:
                out = self.model(x.cuda())
                loss = nn.functional.cross_entropy(out, y.cuda())
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            self.predict(loader)

    def predict(self, loader):
        outs = []
        with torch.no_grad():
            for x, _ in loader:
                outs.append(self.model(x.cuda()))
        return torch.cat(outs)
