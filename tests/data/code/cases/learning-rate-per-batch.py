#%% buggy: param groups
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        for group in o.param_groups:
            group["lr"] *= 0.95  # BUG
#%% buggy: first group
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        o.zero_grad()
        loss.backward()
        o.param_groups[0]["lr"] *= 0.99  # BUG
        o.step()
#%% buggy: helper
def decay(opt, factor):
    for g in opt.param_groups:
        g['lr'] *= factor

model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        decay(o, 0.9)  # BUG
#%% correct: per epoch
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    for group in o.param_groups:
        group["lr"] *= 0.95
#%% correct: under a condition
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for i, (x, y) in enumerate(loader):
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        if i % 1000 == 999:
            for group in o.param_groups:
                group["lr"] *= 0.5
#%% correct: set, not multiplied
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for i, (x, y) in enumerate(loader):
        for group in o.param_groups:
            group["lr"] = 0.1 * 0.5 ** epoch
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% buggy: manual decay in step
#% file: nmt/train.py
import torch

class NMTTrainer:
    def __init__(self, model, opt, loss_fn, args):
        self.model, self.opt, self.loss_fn, self.args = model, opt, loss_fn, args

    def decay_lr(self):
        for g in self.opt.param_groups:
            g['lr'] *= self.args.lr_decay

    def train(self, loader):
        for epoch in range(self.args.epochs):
            for src, tgt in loader:
                self.opt.zero_grad()
                loss = self.loss_fn(self.model(src), tgt)
                loss.backward()
                self.opt.step()
                self.decay_lr()  # BUG
#%% correct: manual decay in step
#% file: nmt/train.py
import torch

class NMTTrainer:
    def __init__(self, model, opt, loss_fn, args):
        self.model, self.opt, self.loss_fn, self.args = model, opt, loss_fn, args

    def decay_lr(self):
        for g in self.opt.param_groups:
            g['lr'] *= self.args.lr_decay

    def train(self, loader):
        for epoch in range(self.args.epochs):
            for src, tgt in loader:
                self.opt.zero_grad()
                loss = self.loss_fn(self.model(src), tgt)
                loss.backward()
                self.opt.step()
            self.decay_lr()
#%% buggy: inline param group decay
#% file: decay.py
import torch

def train(model, criterion, loader, cfg):
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr)
    for epoch in range(cfg.epochs):
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
            for g in optimizer.param_groups:
                g['lr'] = g['lr'] * cfg.gamma  # BUG
#%% correct: inline param group decay
#% file: decay.py
import torch

def train(model, criterion, loader, cfg):
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr)
    for epoch in range(cfg.epochs):
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        for g in optimizer.param_groups:
            g['lr'] = g['lr'] * cfg.gamma
