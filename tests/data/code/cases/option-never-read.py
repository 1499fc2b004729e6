#%% buggy: one of three
import argparse

p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=0.01)
p.add_argument("--weight-decay", type=float, default=0.0)  # BUG
p.add_argument("--epochs", type=int, default=3)
args = p.parse_args()
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=args.lr)
print(args.epochs)
#%% buggy: two files
#% file: options.py
import argparse

def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--hidden", type=int, default=64)
    p.add_argument("--dropout", type=float, default=0.5)  # BUG
    p.add_argument("--out", default="runs")
    return p.parse_args()
#% file: train.py
import torch.nn as nn
from options import parse

args = parse()
net = nn.Sequential(nn.Linear(8, args.hidden), nn.ReLU(), nn.Linear(args.hidden, 2))
print(net, args.out)
#%% correct: all are read
import argparse

p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=0.01)
p.add_argument("--epochs", type=int, default=3)
args = p.parse_args()
print(args.lr, getattr(args, "epochs"))
#%% correct: handed on as a whole
import argparse

p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=0.01)
p.add_argument("--epochs", type=int, default=3)
settings = vars(p.parse_args())
for name, value in settings.items():
    print(name, value)
