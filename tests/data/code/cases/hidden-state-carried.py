#%% buggy: gru
class Chars(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.rnn, self.out = nn.Embedding(50, 32), nn.GRU(32, 64, batch_first=True), nn.Linear(64, 50)
    def forward(self, x, h):
        z, h = self.rnn(self.e(x), h)
        return self.out(z), h

model = Chars()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
h = None
for step in range(100):
    x, y = torch.randint(0, 50, (8, 20)), torch.randint(0, 50, (8, 20))
    logits, h = model(x, h)  # BUG
    loss = F.cross_entropy(logits.transpose(1, 2), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: initial state before the batches
rnn, out = nn.LSTM(20, 64, batch_first=True), nn.Linear(64, 5)
o = torch.optim.Adam(list(rnn.parameters()) + list(out.parameters()), lr=1e-3)
for epoch in range(3):
    hidden = (torch.zeros(1, 8, 64), torch.zeros(1, 8, 64))
    for x, y in loader:
        z, hidden = rnn(x.view(8, 4, 20), hidden)  # BUG
        loss = F.cross_entropy(out(z).flatten(0, 1), y)
        o.zero_grad()
        loss.backward()
        o.step()
#%% buggy: in a function
def train(model, batches, o, state):
    for x, y in batches:
        o.zero_grad()
        out, state = model(x, state)  # BUG
        F.cross_entropy(out, y).backward()
        o.step()
#%% correct: detached
rnn, out = nn.GRU(20, 64, batch_first=True), nn.Linear(64, 5)
o = torch.optim.Adam(list(rnn.parameters()) + list(out.parameters()), lr=1e-3)
h = torch.zeros(1, 8, 64)
for x, y in loader:
    h = h.detach()
    z, h = rnn(x.view(8, 4, 20), h)
    loss = F.cross_entropy(out(z).flatten(0, 1), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: fresh for every batch
rnn, out = nn.GRU(20, 64, batch_first=True), nn.Linear(64, 5)
o = torch.optim.Adam(list(rnn.parameters()) + list(out.parameters()), lr=1e-3)
for x, y in loader:
    h = torch.zeros(1, 8, 64)
    z, h = rnn(x.view(8, 4, 20), h)
    loss = F.cross_entropy(out(z).flatten(0, 1), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: steps of one sequence
cell, out = nn.GRU(20, 64), nn.Linear(64, 5)
o = torch.optim.Adam(list(cell.parameters()) + list(out.parameters()), lr=1e-3)
for x, y in loader:
    h = torch.zeros(1, 32, 64)
    for t in range(5):
        z, h = cell(x.unsqueeze(0), h)
    loss = F.cross_entropy(out(z[0]), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: stateful forecaster with self.hidden
#% file: stateful.py
import torch
import torch.nn as nn

class StatefulLSTM(nn.Module):
    def __init__(self, n_in, n_hid):
        super().__init__()
        self.lstm = nn.LSTM(n_in, n_hid, batch_first=True)
        self.fc = nn.Linear(n_hid, 1)
        self.hidden = None

    def forward(self, x):
        out, self.hidden = self.lstm(x, self.hidden)  # BUG
        return self.fc(out[:, -1])

def train(model, loader, epochs, lr):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    crit = nn.MSELoss()
    for ep in range(epochs):
        model.hidden = None
        for xb, yb in loader:
            opt.zero_grad()
            loss = crit(model(xb), yb)
            loss.backward()
            opt.step()
#%% correct: stateful forecaster with self.hidden
#% file: stateful.py
import torch
import torch.nn as nn

class StatefulLSTM(nn.Module):
    def __init__(self, n_in, n_hid):
        super().__init__()
        self.lstm = nn.LSTM(n_in, n_hid, batch_first=True)
        self.fc = nn.Linear(n_hid, 1)
        self.hidden = None

    def forward(self, x):
        out, hidden = self.lstm(x, self.hidden)
        self.hidden = tuple(h.detach() for h in hidden)
        return self.fc(out[:, -1])

def train(model, loader, epochs, lr):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    crit = nn.MSELoss()
    for ep in range(epochs):
        model.hidden = None
        for xb, yb in loader:
            opt.zero_grad()
            loss = crit(model(xb), yb)
            loss.backward()
            opt.step()
