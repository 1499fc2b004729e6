#%% buggy: no unscale
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.cuda.amp.GradScaler()
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda"):
        loss = F.cross_entropy(model(x), y)
    scaler.scale(loss).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # BUG
    scaler.step(optimizer)
    scaler.update()
#%% buggy: unscale after the clip
from torch.cuda.amp import GradScaler, autocast
from torch.nn.utils import clip_grad_norm_
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
gs = GradScaler()
for x, y in loader:
    opt.zero_grad()
    with autocast():
        out = net(x)
        loss = F.cross_entropy(out, y)
    gs.scale(loss).backward()
    clip_grad_norm_(net.parameters(), max_norm=0.5)  # BUG
    gs.unscale_(opt)
    gs.step(opt)
    gs.update()
#%% buggy: updater of its own
class Updater:
    def __init__(self, model, optimizer, max_norm):
        self.model, self.optimizer, self.max_norm = model, optimizer, max_norm
    def step(self, grad_scaler=None):
        if self.max_norm:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)  # BUG
        if grad_scaler is not None:
            grad_scaler.step(self.optimizer)
            grad_scaler.update()
        else:
            self.optimizer.step()
#%% buggy: under a condition
#% file: train.py
import torch
from torch.cuda.amp import GradScaler, autocast

class Engine:
    def __init__(self, model, optimizer, opt):
        self.model = model
        self.optimizer = optimizer
        self.scaler = GradScaler(enabled=opt.amp)
        self.clip = opt.clip

    def train_one_epoch(self, loader):
        for step, batch in enumerate(loader):
            with autocast(enabled=True):
                loss = self.model(**batch).loss
            self.scaler.scale(loss).backward()
            if self.clip is not None:
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)  # BUG
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self.optimizer.zero_grad()
#%% buggy: step of a pretrainer
#% file: train.py
import torch
from torch.cuda import amp

class Pretrainer:
    def train_step(self, batch, grad_clip=1.0):
        self.optimizer.zero_grad()
        with amp.autocast():
            loss = self.model(batch['input_ids'], labels=batch['labels'])[0]
        self.grad_scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), grad_clip)  # BUG
        self.grad_scaler.step(self.optimizer)
        self.grad_scaler.update()
        self.lr_scheduler.step()
        return loss.item()
#%% correct: unscaled first
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.cuda.amp.GradScaler()
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda"):
        loss = F.cross_entropy(model(x), y)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
#%% correct: two ways
use_amp = torch.cuda.is_available()
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.cuda.amp.GradScaler()
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    if use_amp:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    else:
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
#%% correct: no scaler
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
#%% correct: under a condition
#% file: train.py
import torch
from torch.cuda.amp import GradScaler, autocast

class Engine:
    def __init__(self, model, optimizer, opt):
        self.model = model
        self.optimizer = optimizer
        self.scaler = GradScaler(enabled=opt.amp)
        self.clip = opt.clip

    def train_one_epoch(self, loader):
        for step, batch in enumerate(loader):
            with autocast(enabled=True):
                loss = self.model(**batch).loss
            self.scaler.scale(loss).backward()
            if self.clip is not None:
                self.scaler.unscale_(self.optimizer)
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self.optimizer.zero_grad()
#%% correct: step of a pretrainer
#% file: train.py
import torch
from torch.cuda import amp

class Pretrainer:
    def train_step(self, batch, grad_clip=1.0):
        self.optimizer.zero_grad()
        with amp.autocast():
            loss = self.model(batch['input_ids'], labels=batch['labels'])[0]
        self.grad_scaler.scale(loss).backward()
        self.grad_scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), grad_clip)
        self.grad_scaler.step(self.optimizer)
        self.grad_scaler.update()
        self.lr_scheduler.step()
        return loss.item()
