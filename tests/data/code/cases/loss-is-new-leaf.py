#%% buggy: from item
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss = torch.tensor(loss.item(), requires_grad=True)
    loss.backward()  # BUG
    o.step()
#%% buggy: from a mean of numbers
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    parts = [F.cross_entropy(model(a), b).item() for a, b in zip(x.chunk(2), y.chunk(2))]
    torch.tensor(sum(parts) / 2, requires_grad=True).backward()  # BUG
    o.step()
#%% buggy: metric as loss
def train(model, o, loader, metric):
    for x, y in loader:
        o.zero_grad()
        score = metric(model(x).argmax(1), y)
        loss = torch.tensor(1.0 - score, requires_grad=True)
        loss.backward()  # BUG
        o.step()
#%% buggy: Variable
#% file: train.py
import torch
from torch.autograd import Variable

class F1Trainer:
    def step(self, batch):
        x, y = batch
        out = self.model(x)
        loss = self.criterion(out, y)
        loss = Variable(torch.tensor(loss.item()), requires_grad=True)
        self.optimizer.zero_grad()
        loss.backward()  # BUG
        self.optimizer.step()
        return loss.item()
#%% correct: computed loss
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    weight = torch.tensor(2.0)
    (weight * F.cross_entropy(model(x), y)).backward()
    o.step()
#%% correct: optimised input
image = torch.rand(3, 8, requires_grad=True)
o = torch.optim.Adam([image], lr=0.01)
for _ in range(10):
    o.zero_grad()
    image.pow(2).sum().backward()
    o.step()
#%% correct: trained scale
scale = torch.tensor(1.0, requires_grad=True)
o = torch.optim.SGD([scale], lr=0.01)
for x, y in loader:
    o.zero_grad()
    loss = (scale * x).pow(2).mean()
    loss.backward()
    o.step()
#%% correct: Variable
#% file: train.py
import torch
from torch.autograd import Variable

class F1Trainer:
    def step(self, batch):
        x, y = batch
        out = self.model(x)
        loss = self.criterion(out, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()
