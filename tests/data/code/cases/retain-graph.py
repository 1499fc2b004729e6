#%% buggy: alone
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward(retain_graph=True)  # BUG
    o.step()
#%% buggy: function
def fit(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        out = net(x)
        F.cross_entropy(out, y).backward(retain_graph=True)  # BUG
        opt.step()
net = Net()
fit(net, torch.optim.Adam(net.parameters()), loader)
#%% buggy: class
class T:
    def __init__(self):
        self.m = Net()
        self.o = torch.optim.Adam(self.m.parameters())
    def run(self):
        for x, y in loader:
            self.o.zero_grad()
            self.loss = F.cross_entropy(self.m(x), y)
            self.loss.backward(retain_graph=True)  # BUG
            self.o.step()
T().run()
#%% buggy: solver class
#% file: train.py
import torch

class Solver(object):
    def __init__(self, model, data, **kwargs):
        self.model = model
        self.optim = torch.optim.SGD(model.parameters(), lr=kwargs.pop('lr', 1e-2))

    def train(self):
        for it, (x, y) in enumerate(self.loader):
            self.optim.zero_grad()
            scores = self.model(x)
            loss = torch.nn.functional.cross_entropy(scores, y)
            loss.backward(retain_graph=True)  # BUG
            self.optim.step()
#%% correct: none
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: two losses share a graph
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    o.zero_grad()
    F.cross_entropy(z, y).backward(retain_graph=True)
    z.pow(2).mean().backward()
    o.step()
#%% correct: asked for by a flag
def fit(net, opt, loader, keep):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward(retain_graph=keep)
        opt.step()
#%% correct: solver class
#% file: train.py
import torch

class Solver(object):
    def __init__(self, model, data, **kwargs):
        self.model = model
        self.optim = torch.optim.SGD(model.parameters(), lr=kwargs.pop('lr', 1e-2))

    def train(self):
        for it, (x, y) in enumerate(self.loader):
            self.optim.zero_grad()
            scores = self.model(x)
            loss = torch.nn.functional.cross_entropy(scores, y)
            loss.backward()
            self.optim.step()
