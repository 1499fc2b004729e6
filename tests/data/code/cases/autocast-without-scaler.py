#%% buggy: cuda default
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    with torch.autocast("cuda"):
        loss = F.cross_entropy(model(x), y)
    loss.backward()  # BUG
    o.step()
#%% buggy: old name
from torch.cuda.amp import autocast
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    with autocast():
        out = model(x)
        loss = F.cross_entropy(out, y)
    o.zero_grad()
    loss.backward()  # BUG
    o.step()
#%% buggy: float16 by name
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
def step(x, y):
    o.zero_grad()
    with torch.autocast(device_type="cuda", dtype=torch.float16):
        loss = F.cross_entropy(model(x), y)
    loss.backward()  # BUG
    o.step()
for x, y in loader:
    step(x, y)
#%% correct: bfloat16
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        loss = F.cross_entropy(model(x), y)
    loss.backward()
    o.step()
#%% correct: processor
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    with torch.autocast("cpu"):
        loss = F.cross_entropy(model(x), y)
    loss.backward()
    o.step()
#%% correct: with a scaler
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.cuda.amp.GradScaler()
for x, y in loader:
    o.zero_grad()
    with torch.autocast("cuda"):
        loss = F.cross_entropy(model(x), y)
    scaler.scale(loss).backward()
    scaler.step(o)
    scaler.update()
#%% buggy: amp trainer
#% file: amp_trainer.py
import torch
from torch.cuda.amp import autocast

class AmpTrainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model = model.cuda()
        self.optimizer = optimizer
        self.loss_fn = loss_fn

    def train_epoch(self, loader):
        for images, target in loader:
            images, target = images.cuda(), target.cuda()
            with autocast():
                output = self.model(images)
                loss = self.loss_fn(output, target)
            self.optimizer.zero_grad()
            loss.backward()  # BUG
            self.optimizer.step()
#%% correct: amp trainer
#% file: amp_trainer.py
import torch
from torch.cuda.amp import autocast, GradScaler

class AmpTrainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model = model.cuda()
        self.optimizer = optimizer
        self.loss_fn = loss_fn
        self.scaler = GradScaler()

    def train_epoch(self, loader):
        for images, target in loader:
            images, target = images.cuda(), target.cuda()
            with autocast():
                output = self.model(images)
                loss = self.loss_fn(output, target)
            self.optimizer.zero_grad()
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()
