#%% buggy: one cycle
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.OneCycleLR(o, max_lr=0.1, steps_per_epoch=len(loader), epochs=10)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()  # BUG
#%% buggy: transformers
from transformers import get_linear_schedule_with_warmup
model = Net()
o = torch.optim.AdamW(model.parameters(), lr=5e-5)
total = len(loader) * 3
s = get_linear_schedule_with_warmup(o, num_warmup_steps=100, num_training_steps=total)
for epoch in range(3):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()  # BUG
#%% buggy: cosine in batches
def main():
    model = Net()
    o = torch.optim.AdamW(model.parameters(), lr=1e-3)
    s = torch.optim.lr_scheduler.CosineAnnealingLR(o, 20 * len(loader))
    for epoch in range(20):
        for x, y in loader:
            o.zero_grad()
            F.cross_entropy(model(x), y).backward()
            o.step()
        s.step()  # BUG
main()
#%% correct: per batch
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=10 * len(loader))
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        s.step()
#%% correct: epochs
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=10)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
#%% correct: warm-up per batch, plateau per epoch
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
warm = torch.optim.lr_scheduler.LinearLR(o, total_iters=len(loader))
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(o)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
        warm.step()
    plateau.step(loss.item())
#%% buggy: loader given to a class
#% file: module.py
import torch

class Learner:
    def __init__(self, model, train_loader, epochs, max_lr):
        self.model, self.train_loader, self.epochs = model, train_loader, epochs
        self.opt = torch.optim.AdamW(model.parameters())
        self.sched = torch.optim.lr_scheduler.OneCycleLR(
            self.opt, max_lr=max_lr, epochs=epochs, steps_per_epoch=len(train_loader))

    def fit(self):
        for epoch in range(self.epochs):
            for xb, yb in self.train_loader:
                loss = torch.nn.functional.cross_entropy(self.model(xb), yb)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
            self.sched.step()  # BUG
#%% correct: loader given to a class
#% file: module.py
import torch

class Learner:
    def __init__(self, model, train_loader, epochs, max_lr):
        self.model, self.train_loader, self.epochs = model, train_loader, epochs
        self.opt = torch.optim.AdamW(model.parameters())
        self.sched = torch.optim.lr_scheduler.OneCycleLR(
            self.opt, max_lr=max_lr, epochs=epochs, steps_per_epoch=len(train_loader))

    def fit(self):
        for epoch in range(self.epochs):
            for xb, yb in self.train_loader:
                loss = torch.nn.functional.cross_entropy(self.model(xb), yb)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                self.sched.step()
