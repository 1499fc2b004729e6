#%% buggy: forgotten step
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()  # BUG
#%% buggy: only the scheduler steps
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=10)
for epoch in range(10):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()  # BUG
    sched.step()
#%% buggy: class
class T:
    def __init__(self):
        self.m = Net()
        self.o = torch.optim.Adam(self.m.parameters())
    def go(self, loader):
        for x, y in loader:
            self.o.zero_grad()
            F.cross_entropy(self.m(x), y).backward()  # BUG
T().go(loader)
#%% correct: step in a helper
def apply(opt):
    opt.step()
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    apply(opt)
#%% correct: hand written update
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    with torch.no_grad():
        for p in model.parameters():
            p.sub_(0.1 * p.grad)
#%% correct: a library gets the optimizer
import some_amp
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    some_amp.step_if_finite(opt)
