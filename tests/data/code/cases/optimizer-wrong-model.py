#%% buggy: model built again
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)  # BUG
model = Net()
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% buggy: teacher instead of student
teacher, student = Net(), Net()
o = torch.optim.Adam(teacher.parameters(), lr=1e-3)  # BUG
for x, y in loader:
    o.zero_grad()
    loss = F.cross_entropy(student(x), y)
    loss.backward()
    o.step()
#%% buggy: copy
import copy
base = Net()
opt = torch.optim.SGD(base.parameters(), lr=0.1)  # BUG
net = copy.deepcopy(base)
def train():
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
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
#%% correct: frozen encoder and a head of its own
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(20, 32)
    def forward(self, x):
        return torch.relu(self.body(x))

encoder = Encoder()
encoder.load_state_dict(torch.load("encoder.pt"))
for p in encoder.parameters():
    p.requires_grad_(False)
head = nn.Linear(32, 5)
opt = torch.optim.AdamW(head.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(head(encoder(x)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: head built of library layers
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(20, 32)
    def forward(self, x):
        return torch.relu(self.body(x))

encoder = Encoder()
for p in encoder.parameters():
    p.requires_grad = False
head = nn.Sequential(nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 5))
opt = torch.optim.Adam(head.parameters(), lr=1e-3)
for x, y in loader:
    with torch.no_grad():
        h = encoder(x)
    loss = F.cross_entropy(head(h), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: ema model trained
#% file: ssl/train_ssl.py
import copy
import torch
import torch.nn.functional as F
from ssl_models import WideResNet

def run(cfg, loader):
    student = WideResNet(cfg.depth, cfg.width).cuda()
    teacher = copy.deepcopy(student)
    optimizer = torch.optim.SGD(teacher.parameters(), lr=cfg.lr, momentum=0.9, nesterov=True)  # BUG
    for it, (xw, xs, y) in enumerate(loader):
        with torch.no_grad():
            pseudo = teacher(xw.cuda()).softmax(-1)
        logits = student(xs.cuda())
        loss = F.cross_entropy(logits, y.cuda()) + F.mse_loss(logits.softmax(-1), pseudo)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
#% file: ssl_models.py
import torch.nn as nn

class WideResNet(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16 * width, 3), nn.ReLU())
        self.fc = nn.Linear(16 * width, 10)

    def forward(self, x):
        return self.fc(self.stem(x).mean((2, 3)))
#%% correct: ema model trained
#% file: ssl/train_ssl.py
import copy
import torch
import torch.nn.functional as F
from ssl_models import WideResNet

def run(cfg, loader):
    student = WideResNet(cfg.depth, cfg.width).cuda()
    teacher = copy.deepcopy(student)
    optimizer = torch.optim.SGD(student.parameters(), lr=cfg.lr, momentum=0.9, nesterov=True)
    for it, (xw, xs, y) in enumerate(loader):
        with torch.no_grad():
            pseudo = teacher(xw.cuda()).softmax(-1)
        logits = student(xs.cuda())
        loss = F.cross_entropy(logits, y.cuda()) + F.mse_loss(logits.softmax(-1), pseudo)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
#% file: ssl_models.py
import torch.nn as nn

class WideResNet(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16 * width, 3), nn.ReLU())
        self.fc = nn.Linear(16 * width, 10)

    def forward(self, x):
        return self.fc(self.stem(x).mean((2, 3)))
