#%% buggy: half
model = nn.Linear(20, 5).cuda()
model.half()  # BUG
o = torch.optim.SGD(model.parameters(), lr=0.01)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x.half()), y).backward()
    o.step()
#%% buggy: to a type
dtype = torch.float16
model = nn.Linear(20, 5).to(dtype=dtype)  # BUG
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x.to(dtype)), y).backward()
    o.step()
#%% buggy: in a class
class T:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5)).to("cuda").half()  # BUG
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=1e-3)
    def fit(self, batches):
        for x, y in batches:
            self.opt.zero_grad()
            F.cross_entropy(self.net(x.half()), y).backward()
            self.opt.step()
T().fit(loader)
#%% correct: bfloat16
model = nn.Linear(20, 5).to(torch.bfloat16)
o = torch.optim.SGD(model.parameters(), lr=0.01)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x.bfloat16()), y).backward()
    o.step()
#%% correct: frozen teacher
teacher = nn.Linear(20, 5).half().requires_grad_(False)
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.01)
for x, y in loader:
    with torch.no_grad():
        soft = teacher(x.half()).float()
    o.zero_grad()
    F.mse_loss(model(x), soft).backward()
    o.step()
#%% correct: only for inference
model = nn.Linear(20, 5).half()
with torch.no_grad():
    for x, y in loader:
        print(model(x.half()).argmax(1))
#%% correct: model.half before optimizer in class
#% file: apexless.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class SegModel(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU())
        self.out = nn.Conv2d(32, c, 1)

    def forward(self, x):
        return self.out(self.body(x))

class Runner:
    def __init__(self, cfg):
        self.model = SegModel(cfg.c).cuda()
        self.opt = torch.optim.Adam(self.model.parameters(), lr=cfg.lr)

    def step(self, x, y):
        self.opt.zero_grad()
        loss = F.cross_entropy(self.model(x.cuda()), y.cuda())
        loss.backward()
        self.opt.step()
#%% buggy: model.half before optimizer in class
#% file: apexless.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class SegModel(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU())
        self.out = nn.Conv2d(32, c, 1)

    def forward(self, x):
        return self.out(self.body(x))

class Runner:
    def __init__(self, cfg):
        self.model = SegModel(cfg.c).cuda()
        self.model.half()  # BUG
        self.opt = torch.optim.Adam(self.model.parameters(), lr=cfg.lr)

    def step(self, x, y):
        self.opt.zero_grad()
        loss = F.cross_entropy(self.model(x.cuda().half()), y.cuda())
        loss.backward()
        self.opt.step()
