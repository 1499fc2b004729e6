#%% buggy: argparse
import argparse
args = argparse.ArgumentParser().parse_args()
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
if args.resume:
    model.load_state_dict(torch.load(args.resume))  # BUG
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    torch.save(model.state_dict(), "last.pt")
#%% buggy: checkpoint dict
def main(resume):
    net = Net()
    opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    start = 0
    if resume is not None:
        ckpt = torch.load(resume, map_location="cpu")
        net.load_state_dict(ckpt["model"])  # BUG
        start = ckpt["epoch"] + 1
    for epoch in range(start, 10):
        for x, y in loader:
            opt.zero_grad()
            F.cross_entropy(net(x), y).backward()
            opt.step()
import sys
main(sys.argv[1])
#%% buggy: method named resume
class T:
    def __init__(self):
        self.m = Net()
        self.o = torch.optim.AdamW(self.m.parameters())
    def resume_from(self, path):
        self.m.load_state_dict(torch.load(path)["state"])  # BUG
    def fit(self):
        for x, y in loader:
            self.o.zero_grad()
            F.cross_entropy(self.m(x), y).backward()
            self.o.step()
t = T()
t.resume_from("a.pt")
t.fit()
#%% buggy: saved without it
#% file: train.py
import argparse
import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--resume", default="")
args = parser.parse_args()
model = nn.Linear(4, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
start = 0
if args.resume:
    checkpoint = torch.load(args.resume)
    model.load_state_dict(checkpoint["model"])  # BUG
    start = checkpoint["epoch"] + 1
for epoch in range(start, 20):
    for _ in range(100):
        loss = model(torch.randn(16, 4)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.save({"model": model.state_dict(), "epoch": epoch}, "last.pt")
#%% correct: everything
import argparse
args = argparse.ArgumentParser().parse_args()
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
if args.resume:
    state = torch.load(args.resume)
    model.load_state_dict(state["model"])
    o.load_state_dict(state["optimizer"])
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: pretrained weights
model = Net()
print(model.load_state_dict(torch.load("pretrained.pt"), strict=False))
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: no state to lose
import argparse
args = argparse.ArgumentParser().parse_args()
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
if args.resume:
    model.load_state_dict(torch.load(args.resume))
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: saved with it
#% file: train.py
import argparse
import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--resume", default="")
args = parser.parse_args()
model = nn.Linear(4, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
start = 0
if args.resume:
    checkpoint = torch.load(args.resume)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    start = checkpoint["epoch"] + 1
for epoch in range(start, 20):
    for _ in range(100):
        loss = model(torch.randn(16, 4)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.save({"model": model.state_dict(), "epoch": epoch, "optimizer": optimizer.state_dict()}, "last.pt")
