#%% buggy: batch of shuffled inputs
x, y = torch.randn(1000, 20), torch.randint(0, 5, (1000,))
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    order = torch.randperm(1000)
    for i in range(0, 1000, 50):
        loss = F.cross_entropy(model(x[order[i:i + 50]]), y[i:i + 50])  # BUG
        o.zero_grad()
        loss.backward()
        o.step()
#%% buggy: data set
import numpy as np
x, y = np.random.rand(1000, 20).astype("float32"), np.random.randint(0, 5, 1000)
order = np.random.permutation(1000)
x = x[order]
data = TensorDataset(torch.from_numpy(x), torch.from_numpy(y))  # BUG
#%% buggy: two orders
x, y = torch.randn(1000, 20), torch.randint(0, 5, (1000,))
data = TensorDataset(x[torch.randperm(1000)], y[torch.randperm(1000)])  # BUG
#%% correct: one order for both
x, y = torch.randn(1000, 20), torch.randint(0, 5, (1000,))
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    order = torch.randperm(1000)
    for i in range(0, 1000, 50):
        rows = order[i:i + 50]
        loss = F.cross_entropy(model(x[rows]), y[rows])
        o.zero_grad()
        loss.backward()
        o.step()
#%% correct: targets from the shuffled inputs
x = torch.randn(1000, 20)
x = x[torch.randperm(1000)]
y = (x.sum(1) > 0).long()
data = TensorDataset(x, y)
#%% correct: mixup
x, y = torch.randn(32, 20), torch.rand(32, 5)
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(100):
    order = torch.randperm(32)
    mixed = 0.7 * x + 0.3 * x[order]
    out = model(mixed)
    loss = 0.7 * F.mse_loss(out, y) + 0.3 * F.mse_loss(out, y[order])
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: batch of an embedding model
x, y = torch.randint(0, 40, (1000, 6)), torch.randint(0, 5, (1000,))
class Melody(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.mid, self.out = nn.Embedding(40, 8), nn.Linear(48, 32), nn.Linear(32, 5)
    def forward(self, notes):
        return self.out(torch.relu(self.mid(self.emb(notes).flatten(1))))

model = Melody()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    for b in torch.randperm(len(x)).split(50):
        loss = F.cross_entropy(model(x[b]), y[b])
        o.zero_grad()
        loss.backward()
        o.step()
#%% correct: batch of a convolutional model with pooling
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 8, 3, padding=1), nn.Linear(8 * 14 * 14, 5)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        return self.head(x.flatten(1))

x, y = torch.rand(500, 1, 28, 28), torch.randint(0, 5, (500,))
net = Net()
o = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(5):
    order = torch.randperm(len(x))
    batches = order.split(50)
    for b in batches:
        loss = F.cross_entropy(net(x[b]), y[b])
        o.zero_grad()
        loss.backward()
        o.step()
#%% correct: list of inputs by the same order
graphs, y = [torch.randn(4, 20) for _ in range(200)], torch.rand(200)
class Pooled(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(20, 1)
    def forward(self, given):
        pooled = [g.sum(0) / max(len(g), 1) for g in given]
        return self.out(torch.stack(pooled)).squeeze(1)

model = Pooled()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    for idx in torch.randperm(200).split(20):
        loss = F.mse_loss(model([graphs[i] for i in idx]), y[idx])
        o.zero_grad()
        loss.backward()
        o.step()
#%% correct: inputs and targets cut from one reordered batch
train = torch.randint(0, 40, (4000, 9))
class Next(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.out = nn.Embedding(40, 16), nn.Linear(16, 40)
    def forward(self, x):
        return self.out(self.emb(x).mean(1))

model = Next()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for idx in torch.randperm(len(train)).split(80):
    batch = train[idx]
    loss = F.cross_entropy(model(batch[:, :-1]), batch[:, -1])
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: batches of a generator
def batches(queries, docs, size):
    queries = queries[torch.randperm(len(queries))]  # BUG
    for i in range(0, len(queries), size):
        yield queries[i:i + size], docs[i:i + size]
#%% correct: both in the generator
def batches(queries, docs, size):
    order = torch.randperm(len(queries))
    queries, docs = queries[order], docs[order]
    for i in range(0, len(queries), size):
        yield queries[i:i + size], docs[i:i + size]
#%% buggy: shuffle in keras-like fit
#% file: sklearn_like.py
import numpy as np
import torch
import torch.nn as nn

class TorchClassifier:
    def __init__(self, net, epochs=10, batch_size=64, lr=1e-3):
        self.net, self.epochs, self.batch_size = net, epochs, batch_size
        self.opt = torch.optim.Adam(net.parameters(), lr=lr)
        self.loss = nn.CrossEntropyLoss()

    def fit(self, X, y):
        X, y = torch.from_numpy(X).float(), torch.from_numpy(y).long()
        for epoch in range(self.epochs):
            perm = torch.randperm(X.size(0))
            for i in range(0, X.size(0), self.batch_size):
                idx = perm[i:i + self.batch_size]
                xb, yb = X[idx], y[i:i + self.batch_size]  # BUG
                self.opt.zero_grad()
                loss = self.loss(self.net(xb), yb)
                loss.backward()
                self.opt.step()
        return self
#%% correct: shuffle in keras-like fit
#% file: sklearn_like.py
import numpy as np
import torch
import torch.nn as nn

class TorchClassifier:
    def __init__(self, net, epochs=10, batch_size=64, lr=1e-3):
        self.net, self.epochs, self.batch_size = net, epochs, batch_size
        self.opt = torch.optim.Adam(net.parameters(), lr=lr)
        self.loss = nn.CrossEntropyLoss()

    def fit(self, X, y):
        X, y = torch.from_numpy(X).float(), torch.from_numpy(y).long()
        for epoch in range(self.epochs):
            perm = torch.randperm(X.size(0))
            for i in range(0, X.size(0), self.batch_size):
                idx = perm[i:i + self.batch_size]
                xb, yb = X[idx], y[idx]
                self.opt.zero_grad()
                loss = self.loss(self.net(xb), yb)
                loss.backward()
                self.opt.step()
        return self
#%% buggy: numpy shuffle of images only
#% file: npz_data.py
import numpy as np
import torch

class NpzBatcher:
    def __init__(self, path, batch_size):
        blob = np.load(path)
        self.images, self.labels = blob['x'], blob['y']
        self.batch_size = batch_size

    def __iter__(self):
        order = np.random.permutation(len(self.images))
        for start in range(0, len(order), self.batch_size):
            sel = order[start:start + self.batch_size]
            images = torch.from_numpy(self.images[sel]).float()
            labels = torch.from_numpy(self.labels[start:start + self.batch_size]).long()  # BUG
            yield images, labels
#%% correct: numpy shuffle of images only
#% file: npz_data.py
import numpy as np
import torch

class NpzBatcher:
    def __init__(self, path, batch_size):
        blob = np.load(path)
        self.images, self.labels = blob['x'], blob['y']
        self.batch_size = batch_size

    def __iter__(self):
        order = np.random.permutation(len(self.images))
        for start in range(0, len(order), self.batch_size):
            sel = order[start:start + self.batch_size]
            images = torch.from_numpy(self.images[sel]).float()
            labels = torch.from_numpy(self.labels[sel]).long()
            yield images, labels
