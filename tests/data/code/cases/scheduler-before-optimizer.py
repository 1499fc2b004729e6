#%% buggy: at the start of the epoch
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, step_size=30)
for epoch in range(90):
    s.step()  # BUG
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% buggy: in the batch loop
from torch.optim.lr_scheduler import LambdaLR
model = Net()
o = torch.optim.AdamW(model.parameters(), lr=1e-3)
s = LambdaLR(o, lambda i: min(1.0, (i + 1) / 100))
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    s.step()  # BUG
    o.step()
#%% buggy: functions
def train_epoch(model, o):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
def main():
    model = Net()
    o = torch.optim.SGD(model.parameters(), lr=0.1)
    sched = torch.optim.lr_scheduler.ExponentialLR(o, 0.9)
    for epoch in range(20):
        sched.step()  # BUG
        train_epoch(model, o)
main()
#%% correct: after the epoch
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, step_size=30)
for epoch in range(90):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
#%% correct: per batch, after the step
model = Net()
o = torch.optim.AdamW(model.parameters(), lr=1e-3)
s = torch.optim.lr_scheduler.OneCycleLR(o, max_lr=1e-2, epochs=3, steps_per_epoch=len(loader))
for epoch in range(3):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        s.step()
#%% correct: by update number
model = Net()
o = torch.optim.AdamW(model.parameters(), lr=1e-3)
class Schedule:
    def __init__(self, o):
        self.o, self.n = o, 0
    def set_lr(self):
        self.n += 1
        for g in self.o.param_groups:
            g["lr"] = 1e-3 * min(1.0, self.n / 100)
s = Schedule(o)
for x, y in loader:
    s.set_lr()
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
