#%% buggy: forgotten
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, step_size=3)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()  # BUG
#%% buggy: in a class
class T:
    def __init__(self):
        self.m = Net()
        self.o = torch.optim.Adam(self.m.parameters(), lr=1e-3)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.o, 10)
    def fit(self):
        for epoch in range(10):
            for x, y in loader:
                self.o.zero_grad()
                F.cross_entropy(self.m(x), y).backward()
                self.o.step()  # BUG
T().fit()
#%% buggy: warm-up
from transformers import get_cosine_schedule_with_warmup
def main():
    m = Net()
    opt = torch.optim.AdamW(m.parameters(), lr=1e-4)
    sched = get_cosine_schedule_with_warmup(opt, 100, 1000)
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(m(x), y).backward()
        opt.step()  # BUG
main()
#%% correct: stepped
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, step_size=3)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
#%% correct: handed to a library
import ignite_like
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, step_size=3)
hooks = ignite_like.Hooks(schedulers=[s])
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    hooks.end_of_epoch()
#%% correct: one of several
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
a = torch.optim.lr_scheduler.LinearLR(o)
b = torch.optim.lr_scheduler.CosineAnnealingLR(o, 100)
s = torch.optim.lr_scheduler.SequentialLR(o, [a, b], milestones=[5])
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
