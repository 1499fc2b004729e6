#%% buggy: flag selects the phase
def run(model, loader, opt, train):
    total = 0.0
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)  # BUG
        if train:
            opt.zero_grad()
            loss.backward()
            opt.step()
        total += loss.item()
    return total

model = Net()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
held = DataLoader(TensorDataset(torch.randn(100, 20), torch.randint(0, 5, (100,))), batch_size=50)
for epoch in range(5):
    run(model, loader, opt, True)
    print(run(model, held, opt, False))
#%% buggy: optimizer or none
class Fitter:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(20, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 5))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=1e-3)
    def fit(self, train, held):
        for _ in range(3):
            self.epoch(train, True)
            self.epoch(held, False)
    def epoch(self, batches, learn):
        right = 0
        for x, y in batches:
            out = self.net(x)  # BUG
            right += (out.argmax(1) == y).sum().item()
            if learn:
                loss = F.cross_entropy(out, y)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
        print(right)
Fitter().fit(loader, loader)
#%% buggy: whole validation set after the batches
model = Net()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
xv, yv = torch.randn(100, 20), torch.randint(0, 5, (100,))
for epoch in range(5):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(F.cross_entropy(model(xv), yv).item())  # BUG
#%% buggy: whole data set at once
xt, yt, xv, yv = torch.randn(400, 20), torch.randint(0, 5, (400,)), torch.randn(100, 20), torch.randint(0, 5, (100,))
model = Net()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(200):
    opt.zero_grad()
    F.cross_entropy(model(xt), yt).backward()
    opt.step()
    with torch.no_grad():
        accuracy = (model(xv).argmax(1) == yv).float().mean()  # BUG
#%% buggy: gradients switched by the phase
#% file: train.py
import torch
import torch.nn as nn

class LSTMModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 32, batch_first=True)
        self.drop = nn.Dropout(0.4)
        self.head = nn.Linear(32, 1)
    def forward(self, x):
        return self.head(self.drop(self.rnn(x)[0][:, -1]))

class Forecaster:
    def __init__(self):
        self.model = LSTMModel()
        self.optim = torch.optim.Adam(self.model.parameters())
        self.loss_fn = nn.MSELoss()
    def _loop(self, loader, training):
        total = 0.0
        for xb, yb in loader:
            with torch.set_grad_enabled(training):
                loss = self.loss_fn(self.model(xb), yb)  # BUG
            if training:
                self.optim.zero_grad()
                loss.backward()
                self.optim.step()
            total += loss.item()
        return total / len(loader)
    def fit(self, train_loader, valid_loader, epochs):
        for e in range(epochs):
            print(self._loop(train_loader, True), self._loop(valid_loader, False))
#%% correct: mode follows the flag
def run(model, loader, opt, train):
    model.train(train)
    total = 0.0
    with torch.set_grad_enabled(train):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            if train:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item()
    return total

model = Net()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    run(model, loader, opt, True)
    print(run(model, loader, opt, False))
#%% correct: nothing in the model depends on the mode
model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 5))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
xv, yv = torch.randn(100, 20), torch.randint(0, 5, (100,))
for epoch in range(5):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(F.cross_entropy(model(xv), yv).item())
#%% correct: eval in the epoch loop
model = Net()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
xv, yv = torch.randn(100, 20), torch.randint(0, 5, (100,))
for epoch in range(5):
    model.train()
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        print(F.cross_entropy(model(xv), yv).item())
#%% correct: pseudo labels inside the step
model = Net()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    with torch.no_grad():
        guess = model(x + 0.1).argmax(1)
    loss = F.cross_entropy(model(x), guess)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: gradients switched by the phase
#% file: train.py
import torch
import torch.nn as nn

class LSTMModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 32, batch_first=True)
        self.drop = nn.Dropout(0.4)
        self.head = nn.Linear(32, 1)
    def forward(self, x):
        return self.head(self.drop(self.rnn(x)[0][:, -1]))

class Forecaster:
    def __init__(self):
        self.model = LSTMModel()
        self.optim = torch.optim.Adam(self.model.parameters())
        self.loss_fn = nn.MSELoss()
    def _loop(self, loader, training):
        total = 0.0
        self.model.train(training)
        for xb, yb in loader:
            with torch.set_grad_enabled(training):
                loss = self.loss_fn(self.model(xb), yb)
            if training:
                self.optim.zero_grad()
                loss.backward()
                self.optim.step()
            total += loss.item()
        return total / len(loader)
    def fit(self, train_loader, valid_loader, epochs):
        for e in range(epochs):
            print(self._loop(train_loader, True), self._loop(valid_loader, False))
