#%% buggy: model built again
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
model = Net()
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()  # BUG
#%% buggy: teacher instead of student
teacher, student = Net(), Net()
o = torch.optim.Adam(teacher.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    loss = F.cross_entropy(student(x), y)
    loss.backward()
    o.step()  # BUG
#%% buggy: copy
import copy
base = Net()
opt = torch.optim.SGD(base.parameters(), lr=0.1)
net = copy.deepcopy(base)
def train():
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()  # BUG
train()
#%% correct: wrapped
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
model = nn.DataParallel(model)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: a part
class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.dec = nn.Linear(20, 8), nn.Linear(8, 5)
    def forward(self, x):
        return self.dec(self.enc(x))
m = Both()
m.enc.requires_grad_(False)
o = torch.optim.Adam(m.dec.parameters())
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(m(x), y).backward()
    o.step()
#%% correct: loss inside a wrapper
class WithLoss(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net
    def forward(self, x, y):
        return F.cross_entropy(self.net(x), y)
net = Net()
both = WithLoss(net)
o = torch.optim.Adam(net.parameters())
for x, y in loader:
    o.zero_grad()
    both(x, y).backward()
    o.step()
