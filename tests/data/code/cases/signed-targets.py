#%% buggy: where
import numpy as np
x = np.random.randn(100, 20).astype("float32")
y = np.where(x[:, 0] > 0, 1.0, -1.0).astype("float32")  # BUG
rows = TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
net = nn.Linear(20, 1)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.BCEWithLogitsLoss()
for a, b in DataLoader(rows, batch_size=10, shuffle=True):
    loss = criterion(net(a)[:, 0], b)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: sign
x = torch.randn(100, 20)
y = torch.sign(x[:, 0])  # BUG
print(F.binary_cross_entropy_with_logits(x[:, 1], y))
#%% buggy: in a data set
#% file: train.py
import numpy as np
import pandas as pd
import torch
from torch import nn

class BinaryData(torch.utils.data.Dataset):
    def __init__(self, X, scores):
        self.X = torch.tensor(X, dtype=torch.float32)
        self.y = torch.tensor(np.where(scores > 0, 1, -1), dtype=torch.float32)  # BUG
    def __len__(self):
        return len(self.X)
    def __getitem__(self, i):
        return self.X[i], self.y[i]

def run(X, scores, epochs):
    model = nn.Sequential(nn.Linear(X.shape[1], 32), nn.ReLU(), nn.Linear(32, 1))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = torch.utils.data.DataLoader(BinaryData(X, scores), batch_size=64, shuffle=True)
    for epoch in range(epochs):
        for xb, yb in loader:
            out = model(xb).squeeze(1)
            loss = criterion(out, yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
#%% correct: zero and one
import numpy as np
x = np.random.randn(100, 20).astype("float32")
y = np.where(x[:, 0] > 0, 1.0, 0.0).astype("float32")
print(F.binary_cross_entropy_with_logits(torch.from_numpy(x[:, 1]), torch.from_numpy(y)))
#%% correct: mapped
x = torch.randn(100, 20)
y = torch.sign(x[:, 0])
print(F.binary_cross_entropy_with_logits(x[:, 1], (y + 1) / 2))
#%% correct: another loss
x = torch.randn(100, 20)
y = torch.sign(x[:, 0])
print(F.soft_margin_loss(x[:, 1], y))
#%% correct: in a data set
#% file: train.py
import numpy as np
import pandas as pd
import torch
from torch import nn

class BinaryData(torch.utils.data.Dataset):
    def __init__(self, X, scores):
        self.X = torch.tensor(X, dtype=torch.float32)
        self.y = torch.tensor(np.where(scores > 0, 1, 0), dtype=torch.float32)
    def __len__(self):
        return len(self.X)
    def __getitem__(self, i):
        return self.X[i], self.y[i]

def run(X, scores, epochs):
    model = nn.Sequential(nn.Linear(X.shape[1], 32), nn.ReLU(), nn.Linear(32, 1))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = torch.utils.data.DataLoader(BinaryData(X, scores), batch_size=64, shuffle=True)
    for epoch in range(epochs):
        for xb, yb in loader:
            out = model(xb).squeeze(1)
            loss = criterion(out, yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
