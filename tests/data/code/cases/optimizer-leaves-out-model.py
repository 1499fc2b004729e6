#%% buggy: decoder forgotten
enc, dec = nn.Linear(20, 16), nn.Linear(16, 5)
opt = torch.optim.Adam(enc.parameters(), lr=1e-3)  # BUG
for x, y in loader:
    loss = F.cross_entropy(dec(enc(x).relu()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: a loss with weights
class Centers(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Linear(16, 5, bias=False)

    def forward(self, h, y):
        return F.cross_entropy(self.table(F.normalize(h)), y)

net, criterion = nn.Linear(20, 16), Centers()
opt = torch.optim.AdamW([{"params": net.parameters(), "lr": 1e-3}])  # BUG
for x, y in loader:
    loss = criterion(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: both
enc, dec = nn.Linear(20, 16), nn.Linear(16, 5)
opt = torch.optim.Adam(list(enc.parameters()) + list(dec.parameters()), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(dec(enc(x).relu()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: a teacher
teacher, net = nn.Sequential(nn.Linear(20, 64), nn.Linear(64, 5)), nn.Linear(20, 5)
teacher.requires_grad_(False)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    wanted = teacher(x).softmax(-1)
    loss = F.cross_entropy(net(x), wanted)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: arcface head
#% file: arcface_train.py
import torch
import torch.nn as nn
from backbones import IResNet
from heads import ArcMargin

def main(cfg, loader):
    backbone = IResNet(cfg.layers).cuda()
    header = ArcMargin(cfg.embed, cfg.ids).cuda()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD([{'params': backbone.parameters()}, {'params': header.parameters()}], lr=cfg.lr, momentum=0.9)
    for imgs, labels in loader:
        features = backbone(imgs.cuda())
        thetas = header(features, labels.cuda())
        loss = criterion(thetas, labels.cuda())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
#% file: backbones.py
import torch.nn as nn

class IResNet(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)
        self.fc = nn.Linear(64, 512)

    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))
#% file: heads.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class ArcMargin(nn.Module):
    def __init__(self, embed, ids, s=64., m=0.5):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(ids, embed))
        self.s, self.m = s, m

    def forward(self, x, label):
        cos = F.linear(F.normalize(x), F.normalize(self.weight))
        one = F.one_hot(label, cos.size(1)).float()
        return self.s * (cos - one * self.m)
#%% buggy: arcface head
#% file: arcface_train.py
import torch
import torch.nn as nn
from backbones import IResNet
from heads import ArcMargin

def main(cfg, loader):
    backbone = IResNet(cfg.layers).cuda()
    header = ArcMargin(cfg.embed, cfg.ids).cuda()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD([{'params': backbone.parameters()}], lr=cfg.lr, momentum=0.9)  # BUG
    for imgs, labels in loader:
        features = backbone(imgs.cuda())
        thetas = header(features, labels.cuda())
        loss = criterion(thetas, labels.cuda())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
#% file: backbones.py
import torch.nn as nn

class IResNet(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)
        self.fc = nn.Linear(64, 512)

    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))
#% file: heads.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class ArcMargin(nn.Module):
    def __init__(self, embed, ids, s=64., m=0.5):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(ids, embed))
        self.s, self.m = s, m

    def forward(self, x, label):
        cos = F.linear(F.normalize(x), F.normalize(self.weight))
        one = F.one_hot(label, cos.size(1)).float()
        return self.s * (cos - one * self.m)
