#%% buggy: equal
PAD = 0
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    each = F.cross_entropy(net(x), y, reduction="none")
    loss = (each * (y == PAD).float()).sum()  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: module and method
pad_id = 0
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss(reduction="none")
for x, y in loader:
    counts = y.eq(pad_id)
    loss = (criterion(net(x), y) * counts).mean()  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: loss module
#% file: train.py
import torch
import torch.nn as nn

class MaskedCELoss(nn.Module):
    def __init__(self, pad_idx):
        super().__init__()
        self.pad_idx = pad_idx
        self.ce = nn.CrossEntropyLoss(reduction='none')
    def forward(self, pred, tgt):
        mask = (tgt == self.pad_idx).float()
        loss = self.ce(pred.transpose(1, 2), tgt)
        return (loss * mask).sum() / mask.sum()  # BUG
#%% correct: not equal
PAD = 0
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    each = F.cross_entropy(net(x), y, reduction="none")
    loss = (each * (y != PAD).float()).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: loss module
#% file: train.py
import torch
import torch.nn as nn

class MaskedCELoss(nn.Module):
    def __init__(self, pad_idx):
        super().__init__()
        self.pad_idx = pad_idx
        self.ce = nn.CrossEntropyLoss(reduction='none')
    def forward(self, pred, tgt):
        mask = (tgt != self.pad_idx).float()
        loss = self.ce(pred.transpose(1, 2), tgt)
        return (loss * mask).sum() / mask.sum()
