#%% buggy: argsort
#% file: train.py
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
x, y = np.load("x.npy"), np.load("y.npy")
order = np.argsort(y)  # BUG
x, y = torch.from_numpy(x[order]), torch.from_numpy(y[order])
net = nn.Linear(20, 5)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    for i in range(0, len(x), 32):
        loss = F.cross_entropy(net(x[i:i + 32]), y[i:i + 32])
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% buggy: table
#% file: train.py
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
import pandas as pd
df = pd.read_csv("a.csv")
df = df.sort_values("label")  # BUG
y = torch.tensor(df["label"].values)
x = torch.tensor(df.drop(columns=["label"]).values).float()
net = nn.Linear(20, 5)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    for i in range(0, len(x), 32):
        loss = F.cross_entropy(net(x[i:i + 32]), y[i:i + 32])
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% correct: permuted
#% file: train.py
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
x, y = np.load("x.npy"), np.load("y.npy")
order = np.argsort(y)
x, y = torch.from_numpy(x[order]), torch.from_numpy(y[order])
net = nn.Linear(20, 5)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    for rows in torch.randperm(len(x)).split(32):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% correct: sorted by length
#% file: train.py
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
texts, y = [[1, 2], [3]], torch.tensor([0, 1])
lengths = np.argsort([len(t) for t in texts])
x = torch.randn(2, 20)
net = nn.Linear(20, 5)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    for i in range(0, len(x), 32):
        loss = F.cross_entropy(net(x[i:i + 32]), y[i:i + 32])
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% buggy: in place, by the last column
#% file: train.py
import csv
import torch
from torch import nn
import torch.nn.functional as F

def load(path):
    data = [list(map(float, r)) for r in csv.reader(open(path))]
    data.sort(key=lambda r: r[-1])  # BUG
    return torch.tensor([r[:-1] for r in data]), torch.tensor([int(r[-1]) for r in data])

x, y = load("rows.csv")
net = nn.Linear(20, 5)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    for i in range(0, len(x), 32):
        loss = F.cross_entropy(net(x[i:i + 32]), y[i:i + 32])
        opt.zero_grad()
        loss.backward()
        opt.step()
