#%% buggy: folders
#% file: train.py
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
import os

class Folder(torch.utils.data.Dataset):
    def __init__(self, root, classes):
        self.items = []
        for label, name in enumerate(classes):  # BUG
            for f in sorted(os.listdir(root + "/" + name)):
                self.items.append((f, label))
    def __len__(self):
        return len(self.items)
    def __getitem__(self, i):
        return torch.load(self.items[i][0]), self.items[i][1]

net = nn.Linear(20, 5)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for x, y in torch.utils.data.DataLoader(Folder("imgs", ["a", "b"]), batch_size=16, shuffle=False):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: rows
#% file: train.py
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
CLASSES = ["cat", "dog"]
x, y = [], []
for label in CLASSES:  # BUG
    for row in open(label + ".txt"):
        x.append((row, label))
net = nn.Linear(20, 5)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for i in range(0, len(x), 32):
    rows = torch.tensor([float(r) for r, _ in x[i:i + 32]])
    loss = net(rows).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: shuffled
#% file: train.py
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
import os

class Folder(torch.utils.data.Dataset):
    def __init__(self, root, classes):
        self.items = []
        for label, name in enumerate(classes):
            for f in sorted(os.listdir(root + "/" + name)):
                self.items.append((f, label))
    def __len__(self):
        return len(self.items)
    def __getitem__(self, i):
        return torch.load(self.items[i][0]), self.items[i][1]

net = nn.Linear(20, 5)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for x, y in torch.utils.data.DataLoader(Folder("imgs", ["a", "b"]), batch_size=16, shuffle=True):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: blocks of equal labels
#% file: train.py
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
def readings(kinds, count):
    signals, labels = [], []
    for number, kind in enumerate(kinds):  # BUG
        signals.append(np.random.normal(number, 1.0, (count, 20)))
        labels.append(np.full(count, number))
    return torch.tensor(np.concatenate(signals), dtype=torch.float32), torch.tensor(np.concatenate(labels))

x, y = readings(["walk", "run", "sit"], 200)
model = nn.Linear(20, 3)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for xb, yb in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=16):
    loss = F.cross_entropy(model(xb), yb)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: blocks of equal labels in random order
#% file: train.py
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
def readings(kinds, count):
    signals, labels = [], []
    for number, kind in enumerate(kinds):
        signals.append(np.random.normal(number, 1.0, (count, 20)))
        labels += [number] * count
    return torch.tensor(np.concatenate(signals), dtype=torch.float32), torch.tensor(labels)

x, y = readings(["walk", "run", "sit"], 200)
model = nn.Linear(20, 3)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for rows in torch.randperm(len(x)).split(16):
        loss = F.cross_entropy(model(x[rows]), y[rows])
        o.zero_grad()
        loss.backward()
        o.step()
