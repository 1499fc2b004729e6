#%% buggy: attention maps on the host
attention = nn.MultiheadAttention(20, 2, batch_first=True)
head = nn.Linear(20, 5)
o = torch.optim.Adam([*attention.parameters(), *head.parameters()], lr=1e-3)
history = {"loss": [], "maps": []}
for x, y in loader:
    h, weights = attention(x[:, None], x[:, None], x[:, None])
    loss = F.cross_entropy(head(h[:, 0]), y)
    o.zero_grad()
    loss.backward()
    o.step()
    history["loss"].append(loss.item())
    history["maps"].append(weights.detach().cpu().numpy())  # BUG
#%% buggy: detached outputs over all epochs
class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=0.1)
        self.logits = []
    def fit(self):
        for epoch in range(2):
            for x, y in loader:
                out = self.model(x)
                loss = F.cross_entropy(out, y)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                self.logits.append(out.detach().cpu())  # BUG
Trainer(Net()).fit()
#%% buggy: replay memory without a bound
import random
class Replay:
    def __init__(self):
        self.items = []
    def push(self, *item):
        self.items.append(item)  # BUG
    def sample(self, n):
        return random.sample(self.items, n)
replay, q = Replay(), nn.Linear(4, 2)
o = torch.optim.Adam(q.parameters(), lr=1e-3)
for step in range(1000):
    state, target = torch.randn(4), torch.randn(2)
    replay.push(state, target)
    batch = replay.sample(1)
    loss = F.mse_loss(q(batch[0][0]), batch[0][1])
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: gradients in a defaultdict
from collections import defaultdict
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
stats = defaultdict(list)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
    stats["loss"].append(loss.item())
    stats["grads"].append({name: p.grad.clone() for name, p in model.named_parameters()})  # BUG
#%% correct: replay memory with a bound
import random
class Replay:
    def __init__(self, capacity):
        self.items, self.capacity = [], capacity
    def push(self, *item):
        self.items.append(item)
        if len(self.items) > self.capacity:
            self.items.pop(0)
    def sample(self, n):
        return random.sample(self.items, n)
replay, q = Replay(100), nn.Linear(4, 2)
o = torch.optim.Adam(q.parameters(), lr=1e-3)
for step in range(1000):
    state, target = torch.randn(4), torch.randn(2)
    replay.push(state, target)
    batch = replay.sample(1)
    loss = F.mse_loss(q(batch[0][0]), batch[0][1])
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: numbers of every step, outputs of one epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
losses = []
for epoch in range(3):
    predictions = []
    for x, y in loader:
        out = model(x)
        loss = F.cross_entropy(out, y)
        o.zero_grad()
        loss.backward()
        o.step()
        losses.append(loss.item())
        predictions.append(out.detach().argmax(1))
#%% correct: the data set read into memory before training
rows = []
for x, y in loader:
    rows.append(x)
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: a metric that is reset at the end of an epoch
class Metric:
    def __init__(self):
        self.outputs, self.labels = [], []
    def update(self, out, y):
        self.outputs.append(out.detach())
        self.labels.append(y)
    def reset(self):
        self.outputs, self.labels = [], []
model, metric = Net(), Metric()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(3):
    for x, y in loader:
        out = model(x)
        loss = F.cross_entropy(out, y)
        o.zero_grad()
        loss.backward()
        o.step()
        metric.update(out, y)
    metric.reset()
#%% buggy: attention history
#% file: interpret.py
import torch
import torch.nn.functional as F

class AttnTrainer:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer
        self.attn_history = []

    def train_epoch(self, loader):
        for step, batch in enumerate(loader):
            logits, attn = self.model(batch['tokens'].cuda())
            loss = F.cross_entropy(logits, batch['label'].cuda())
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.attn_history.append(attn.detach().cpu())  # BUG
#%% correct: attention history
#% file: interpret.py
import torch
import torch.nn.functional as F

class AttnTrainer:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer
        self.attn_history = []

    def train_epoch(self, loader):
        for step, batch in enumerate(loader):
            logits, attn = self.model(batch['tokens'].cuda())
            loss = F.cross_entropy(logits, batch['label'].cuda())
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if step % 1000 == 0:
                self.attn_history = [attn.detach().cpu()]
