#%% buggy: never switched
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
val = DataLoader(TensorDataset(torch.randn(100, 20), torch.randint(0, 5, (100,))), batch_size=50)
for epoch in range(5):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    right = 0
    with torch.no_grad():
        for x, y in val:
            right += (model(x).argmax(1) == y).sum().item()  # BUG
#%% buggy: functions
def train(model, o, loader):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()

@torch.no_grad()
def validate(model, loader):
    total = 0.0
    for x, y in loader:
        total += F.cross_entropy(model(x), y).item()  # BUG
    return total

def main():
    model = Net()
    o = torch.optim.Adam(model.parameters())
    for _ in range(3):
        train(model, o, loader)
        print(validate(model, loader))

if __name__ == "__main__":
    main()
#%% buggy: batch norm in a class
class T:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(20, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 5))
        self.o = torch.optim.Adam(self.net.parameters())
    def fit(self, train_loader, test_loader):
        for _ in range(4):
            for x, y in train_loader:
                self.o.zero_grad()
                F.cross_entropy(self.net(x), y).backward()
                self.o.step()
            self.test(test_loader)
    def test(self, test_loader):
        with torch.inference_mode():
            for x, y in test_loader:
                print(F.cross_entropy(self.net(x), y))  # BUG
T().fit(loader, loader)
#%% correct: switched both ways
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            print((model(x).argmax(1) == y).sum().item())
#%% correct: train(mode)
def run(model, loader, o=None):
    model.train(o is not None)
    with torch.set_grad_enabled(o is not None):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            if o is not None:
                o.zero_grad()
                loss.backward()
                o.step()
model = Net()
o = torch.optim.Adam(model.parameters())
for _ in range(3):
    run(model, loader, o)
    run(model, loader)
#%% correct: phases
model = Net()
o = torch.optim.Adam(model.parameters())
loaders = {"train": loader, "val": loader}
for epoch in range(3):
    for phase in ["train", "val"]:
        if phase == "train":
            model.train()
        else:
            model.eval()
        for x, y in loaders[phase]:
            o.zero_grad()
            with torch.set_grad_enabled(phase == "train"):
                loss = F.cross_entropy(model(x), y)
                if phase == "train":
                    loss.backward()
                    o.step()
#%% correct: nothing depends on the mode
model = nn.Sequential(nn.Linear(20, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 5))
o = torch.optim.Adam(model.parameters())
for epoch in range(3):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    with torch.no_grad():
        for x, y in loader:
            print(model(x).argmax(1))
#%% correct: switched in the epoch helper
class T:
    def __init__(self):
        self.net = Net()
        self.o = torch.optim.Adam(self.net.parameters())
    def set_mode(self, training):
        self.net.train(training)
    def fit(self):
        for _ in range(3):
            self.set_mode(True)
            for x, y in loader:
                self.o.zero_grad()
                F.cross_entropy(self.net(x), y).backward()
                self.o.step()
            self.set_mode(False)
            with torch.no_grad():
                for x, y in loader:
                    print(self.net(x))
T().fit()
#%% buggy: model of unknown build
from zoo import build_model
def main(cfg):
    model = build_model(cfg).cuda()
    o = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(5):
        model.train()
        for x, y in loader:
            o.zero_grad()
            F.cross_entropy(model(x), y).backward()
            o.step()
        right = 0
        with torch.no_grad():
            for x, y in loader:
                right += (model(x).argmax(1) == y).sum().item()  # BUG
main(None)
#%% buggy: transformer layer
class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(12, 32)
        self.layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.out = nn.Linear(32, 12)
    def forward(self, i):
        return self.out(self.layer(self.tok(i)).mean(1))

net = Tiny()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
x, y = torch.randint(0, 12, (24, 16)), torch.randint(0, 12, (24,))
for it in range(500):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
for k in range(5):
    with torch.no_grad():
        held = F.cross_entropy(net(x), y)  # BUG
#%% correct: transformer layer without dropout
class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(12, 32)
        self.layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.out = nn.Linear(32, 12)
    def forward(self, i):
        return self.out(self.layer(self.tok(i)).mean(1))

net = Tiny()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
x, y = torch.randint(0, 12, (24, 16)), torch.randint(0, 12, (24,))
for it in range(500):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
for k in range(5):
    with torch.no_grad():
        held = F.cross_entropy(net(x), y)
#%% correct: transformer layer without dropout by position
class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(12, 32)
        self.layer = nn.TransformerEncoderLayer(32, 4, 64, 0.0)
        self.out = nn.Linear(32, 12)
    def forward(self, i):
        return self.out(self.layer(self.tok(i)).mean(1))

net = Tiny()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
x, y = torch.randint(0, 12, (24, 16)), torch.randint(0, 12, (24,))
for it in range(500):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
for k in range(5):
    with torch.no_grad():
        held = F.cross_entropy(net(x), y)
#%% correct: recurrent layer and instance norm
class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(12, 32)
        self.layer = nn.LSTM(32, 32, batch_first=True)
        self.norm = nn.InstanceNorm1d(32)
        self.out = nn.Linear(32, 12)
    def forward(self, i):
        return self.out(self.norm(self.layer(self.tok(i))[0].transpose(1, 2)).mean(2))

net = Tiny()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
x, y = torch.randint(0, 12, (24, 16)), torch.randint(0, 12, (24,))
for it in range(500):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
for k in range(5):
    with torch.no_grad():
        held = F.cross_entropy(net(x), y)
#%% buggy: engine functions without main
#% file: engine.py
import torch
from torch.nn import functional as F
from timm.utils import accuracy

def train_one_epoch(model, loader, optimizer, device, log_interval=50):
    model.train()
    for step, (x, y) in enumerate(loader):
        x, y = x.to(device), y.to(device)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % log_interval == 0:
            print(step, loss.item())

@torch.no_grad()
def evaluate(model, loader, device):
    top1 = 0.0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        acc1, _ = accuracy(model(x), y, topk=(1, 5))  # BUG
        top1 += acc1.item() * x.size(0)
    return top1 / len(loader.dataset)
#%% correct: engine functions without main
#% file: engine.py
import torch
from torch.nn import functional as F
from timm.utils import accuracy

def train_one_epoch(model, loader, optimizer, device, log_interval=50):
    model.train()
    for step, (x, y) in enumerate(loader):
        x, y = x.to(device), y.to(device)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % log_interval == 0:
            print(step, loss.item())

@torch.no_grad()
def evaluate(model, loader, device):
    model.eval()
    top1 = 0.0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        acc1, _ = accuracy(model(x), y, topk=(1, 5))
        top1 += acc1.item() * x.size(0)
    return top1 / len(loader.dataset)
#%% buggy: wrapper class predict
#% file: wrapper.py
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class MLP(nn.Module):
    def __init__(self, n_in, n_out, p):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_in, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(p), nn.Linear(128, n_out))

    def forward(self, x):
        return self.layers(x)

class NNClassifier:
    def __init__(self, n_in, n_out, p=0.3, epochs=20, batch_size=64):
        self.model = MLP(n_in, n_out, p)
        self.epochs, self.batch_size = epochs, batch_size
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.criterion = nn.CrossEntropyLoss()

    def fit(self, X, y):
        ds = TensorDataset(torch.FloatTensor(X), torch.LongTensor(y))
        self.model.train()
        for _ in range(self.epochs):
            for xb, yb in DataLoader(ds, batch_size=self.batch_size, shuffle=True):
                self.optimizer.zero_grad()
                self.criterion(self.model(xb), yb).backward()
                self.optimizer.step()
        return self

    def predict_proba(self, X):
        with torch.no_grad():
            logits = self.model(torch.FloatTensor(X))  # BUG
        return torch.softmax(logits, dim=1).numpy()
#%% correct: wrapper class predict
#% file: wrapper.py
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class MLP(nn.Module):
    def __init__(self, n_in, n_out, p):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_in, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(p), nn.Linear(128, n_out))

    def forward(self, x):
        return self.layers(x)

class NNClassifier:
    def __init__(self, n_in, n_out, p=0.3, epochs=20, batch_size=64):
        self.model = MLP(n_in, n_out, p)
        self.epochs, self.batch_size = epochs, batch_size
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.criterion = nn.CrossEntropyLoss()

    def fit(self, X, y):
        ds = TensorDataset(torch.FloatTensor(X), torch.LongTensor(y))
        self.model.train()
        for _ in range(self.epochs):
            for xb, yb in DataLoader(ds, batch_size=self.batch_size, shuffle=True):
                self.optimizer.zero_grad()
                self.criterion(self.model(xb), yb).backward()
                self.optimizer.step()
        return self

    def predict_proba(self, X):
        self.model.eval()
        with torch.no_grad():
            logits = self.model(torch.FloatTensor(X))
        return torch.softmax(logits, dim=1).numpy()
