"""Buggy training programs that are run, patched and run again: the patch brings the effect that was missing.

Each program leaves what is looked at in `effect`; `True` is what a healthy program gives.
"""

from pathlib import Path

import pytest
from test_patched_programs import effect_of

from misrun.tools.code.apply_patch import apply_patch
from misrun.tools.code.inspect import inspect

pytest.importorskip("torch")
pytest.importorskip("sklearn")

HEAD = """\
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)  # the steps are tiny
torch.manual_seed(0)
np.random.seed(0)
"""

ROWS = """
X = torch.randn(64, 4)
Y = (X.sum(1) > 0).long()
loader = DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True)
"""

PROGRAMS = {
    "episode-end-ignored": """
q = nn.Linear(4, 2)
def targets(batch, gamma):
    s, a, r, n, done = batch
    with torch.no_grad():
        return r + gamma * q(n).max(1)[0]
r = torch.ones(5)
out = targets((None, None, r, torch.randn(5, 4), torch.tensor([True, False, True, False, True])), 0.9)
outcome = int((out == 1).sum())
effect = outcome == 3
""",
    "first-batch-again": """
X = torch.randn(64, 4); Y = (X.sum(1) > 0).long()
train_loader = DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=False)

net = nn.Linear(4, 2)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
seen = set()
for step in range(30):
    x, y = next(iter(train_loader))
    seen |= {float(v) for v in x[:, 0]}
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
outcome = len(seen)
effect = outcome > 50
""",
    "index-ignored": """
class Rows(torch.utils.data.Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.y)
    def __getitem__(self, idx):
        sample = {"x": self.x[0], "y": self.y[0]}
        return sample
d = Rows(torch.arange(5), torch.arange(5))
outcome = [int(d[i]["x"]) for i in range(5)]
effect = outcome == list(range(5))
""",
    "sorted-batches": """
class Cfg: bs = 16
x, y = np.random.randn(64, 4).astype("float32"), np.arange(64) % 2
order = np.argsort(y)
x, y = torch.from_numpy(x[order]), torch.from_numpy(y[order])
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
mixed = 0
for epoch in range(1):
    for i in range(0, len(x), Cfg.bs):
        mixed += len(set(y[i:i + 16].tolist())) == 2
        loss = F.cross_entropy(net(x[i:i + 16]), y[i:i + 16])
        opt.zero_grad()
        loss.backward()
        opt.step()
outcome = mixed
effect = outcome == 4
""",
    "grouped-by-class": """
files = {"a": range(20), "b": range(20)}
CLASSES = ["a", "b"]
samples = []
for label, name in enumerate(CLASSES):
    for f in files[name]:
        samples.append((torch.randn(4), label))
train_loader = DataLoader(samples, batch_size=10)
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
mixed = 0
for x, y in train_loader:
    mixed += len(set(y.tolist())) == 2
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
outcome = mixed
effect = outcome >= 3
""",
    "file-per-item": """
np.savetxt("rows.csv", np.arange(12.0).reshape(4, 3))
calls = 0
load = np.loadtxt
def counted(path):
    global calls
    calls += 1
    return load(path)
np.loadtxt = counted
class Rows(torch.utils.data.Dataset):
    def __init__(self, path):
        self.path = path
    def __len__(self):
        return 4
    def __getitem__(self, i):
        table = np.loadtxt(self.path)
        return torch.tensor(table[i])
d = Rows("rows.csv")
rows = [d[i] for i in range(4)]
outcome = (calls, float(rows[3][2]))
effect = outcome == (1, 11.0)
""",
    "state-not-restored": ROWS
    + """
class Trainer:
    def __init__(self):
        self.net = nn.Linear(4, 2)
        self.opt = torch.optim.Adam(self.net.parameters(), lr=1e-3)
        self.sched = torch.optim.lr_scheduler.StepLR(self.opt, 5)
        self.epoch = 0
    def save(self, path):
        torch.save({"net": self.net.state_dict(), "opt": self.opt.state_dict(), "sched": self.sched.state_dict(),
                    "epoch": self.epoch}, path)
    def resume(self, path):
        ckpt = torch.load(path)
        self.net.load_state_dict(ckpt["net"])
        self.epoch = ckpt["epoch"]
    def fit(self, n):
        while self.epoch < n:
            for x, y in loader:
                self.opt.zero_grad()
                F.cross_entropy(self.net(x), y).backward()
                self.opt.step()
            self.sched.step()
            self.epoch += 1
t = Trainer(); t.fit(3); t.save("c.pt")
u = Trainer(); u.resume("c.pt")
outcome = (len(u.opt.state), u.sched.last_epoch)
effect = outcome == (2, 3)
""",
    "load-mismatch-swallowed": """
net = nn.DataParallel(nn.Linear(4, 2))
torch.save(net.state_dict(), "net.pt")
other = nn.Linear(4, 2)
other.load_state_dict(torch.load("net.pt"), strict=False)
outcome = torch.equal(other.weight, net.module.weight)
effect = outcome
""",
    "one-part-scaled": """
def prepare(x_train, x_val):
    x_train = (x_train - x_train.mean(0)) / x_train.std(0)
    return x_train, x_val
a, b = prepare(torch.randn(200, 3) * 9 + 5, torch.randn(50, 3) * 9 + 5)
outcome = (float(b.mean()), float(b.std()))
effect = abs(outcome[0]) < 0.5 and 0.7 < outcome[1] < 1.3
""",
    "scaled-in-training-only": """
class Rows(torch.utils.data.Dataset):
    def __init__(self, x, train):
        self.x, self.train, self.mean, self.std = x, train, 5.0, 2.0
    def __getitem__(self, i):
        x = self.x[i]
        if self.train:
            x = (x - self.mean) / self.std
            x = x + 0.0 * torch.randn_like(x)
        return x
outcome = float(Rows(torch.full((3, 2), 7.0), False)[0][0])
effect = outcome == 1
""",
    "scaled-twice": """
images = torch.randint(0, 256, (64, 4)).float() / 255
loader = DataLoader(TensorDataset(images, torch.randint(0, 2, (64,))), batch_size=16)
net = nn.Linear(4, 2)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
top = 0
for x, y in loader:
    x = x / 255.0
    top = max(top, float(x.max()))
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
outcome = top
effect = outcome > 0.9
""",
    "scheduler-per-batch": ROWS
    + """
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)

sched = torch.optim.lr_scheduler.StepLR(opt, step_size=3, gamma=0.1)
def train_epoch(loader, opt, sched):
    for i, (x, y) in enumerate(loader):
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
        sched.step()
for epoch in range(3):
    train_epoch(loader, opt, sched)
outcome = opt.param_groups[0]["lr"]
effect = abs(outcome - 0.01) < 1e-9
""",
    "scheduler-per-epoch": ROWS
    + """
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)

sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.1, steps_per_epoch=len(loader), epochs=3)
for epoch in range(3):
    for x, y in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
    sched.step()
outcome = sched.last_epoch
effect = outcome == 12
""",
    "scheduler-never-stepped": ROWS
    + """
class T:
    def __init__(self):
        self.m = nn.Linear(4, 2)
        self.o = torch.optim.Adam(self.m.parameters(), lr=1e-3)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.o, 10)
    def fit(self):
        for epoch in range(10):
            for x, y in loader:
                self.o.zero_grad()
                F.cross_entropy(self.m(x), y).backward()
                self.o.step()
t = T(); t.fit()
outcome = t.o.param_groups[0]['lr']
effect = outcome < 1e-4
""",
    "scheduler-before-optimizer": ROWS
    + """
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)

sched = torch.optim.lr_scheduler.StepLR(opt, step_size=2)
lrs = []
for epoch in range(4):
    sched.step()
    lrs.append(opt.param_groups[0]["lr"])
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
outcome = [round(v, 4) for v in lrs]
effect = outcome[:3] == [0.1, 0.1, 0.01]
""",
    "scheduler-step-on-improvement": ROWS
    + """
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)

sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=1)
best = 0.5
for val in [0.4, 0.6, 0.6, 0.6, 0.6]:
    if val < best:
        best = val
        sched.step(val)
outcome = opt.param_groups[0]["lr"]
effect = outcome < 0.05
""",
    "lambda-returns-rate": ROWS
    + """
LR = 3e-3
net = nn.Linear(4, 2)
opt = torch.optim.AdamW(net.parameters(), lr=LR)
def rate(step):
    if step < 10:
        return LR * (step + 1) / 10
    return LR * 0.5
sched = torch.optim.lr_scheduler.LambdaLR(opt, rate)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
    sched.step()
outcome = opt.param_groups[0]["lr"]
effect = abs(outcome - 1.5e-3) < 1e-6
""",
    "scheduler-of-other-optimizer": ROWS
    + """
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=1)
opt = torch.optim.AdamW(net.parameters(), lr=1e-2)

for epoch in range(2):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    sched.step()
outcome = opt.param_groups[0]["lr"]
effect = abs(outcome - 1e-4) < 1e-9
""",
    "layers-shared-by-repetition": """
class Deep(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8)] * n)
    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return x
outcome = sum(p.numel() for p in Deep(3).parameters())
effect = outcome == 216
""",
    "tie-copies": """
class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.tok_emb = nn.Embedding(v, d)
        self.head = nn.Linear(d, v, bias=False)
        self.head.weight = nn.Parameter(self.tok_emb.weight.detach().clone())
    def forward(self, x):
        return self.head(self.tok_emb(x))
m = LM(10, 4); m(torch.tensor([1]))
outcome = m.head.weight is m.tok_emb.weight
effect = outcome
""",
    "target-network-shared": """
class Agent:
    def __init__(self):
        self.q = nn.Linear(4, 2)
        self.target_q = self.q
    def sync(self):
        self.target_q.load_state_dict(self.q.state_dict())
a = Agent(); a.q.weight.data += 1
outcome = torch.equal(a.q.weight, a.target_q.weight); a.sync()
effect = not outcome
""",
    "term-sign": """
from torch.distributions import Categorical
policy = nn.Linear(4, 3)
opt = torch.optim.SGD(policy.parameters(), lr=0.5)
x = torch.randn(64, 4)
ENT = 0.5
first = None
for step in range(30):
    dist = Categorical(logits=policy(x) * 3)
    entropy = dist.entropy().mean()
    first = first if first is not None else float(entropy)
    a = dist.sample()
    pg = -(dist.log_prob(a) * 0.0).mean()
    loss = pg + 0.5 * entropy
    opt.zero_grad()
    loss.backward()
    opt.step()
outcome = float(entropy) - first
effect = outcome > 0
""",
    "fit-on-all-data": """
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
X, y = np.random.randn(100, 3) * 4 + 2, np.random.randint(0, 2, 100)
scaler = StandardScaler()
X = scaler.fit_transform(X)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
outcome = abs(float(X_train.mean())) < 1e-9
effect = outcome
""",
    "validation-on-training-data": ROWS
    + """
train_set, val_set = torch.utils.data.random_split(TensorDataset(X, Y), [48, 16])
train_loader = DataLoader(train_set, batch_size=10, shuffle=True)
val_loader = DataLoader(train_set, batch_size=10)
outcome = len(val_loader.dataset)
effect = outcome == 16
""",
    "labels-before-rows-change": """
import pandas as pd
df = pd.DataFrame({"a": [1.0, None, 3.0], "price": [1.0, 2.0, 3.0]})
y = df["price"].values
df = df.dropna()
x = df.drop(columns=["price"]).values
outcome = (x[:, 0].tolist(), y[: len(x)].tolist())
effect = outcome == ([1.0, 3.0], [1.0, 3.0])
""",
    "target-left-in-features": """
import pandas as pd
df = pd.DataFrame({"a": [1.0, 2.0], "label": [0, 1]})
features = list(df.columns)
x = torch.tensor(df[features].values)
y = torch.tensor(df["label"].values)
outcome = x.shape[1]
effect = outcome == 1
""",
    "coerced-to-nan": """
import pandas as pd
df = pd.DataFrame({"age": ["1", "x", "3"], "t": [0, 1, 0]})
df["age"] = pd.to_numeric(df["age"], errors="coerce")
outcome = len(df), float(torch.tensor(df["age"].values).sum())
effect = outcome == (2, 4.0)
""",
    "count-of-flags": ROWS
    + """
net = nn.Linear(4, 2).eval()
correct = 0
with torch.no_grad():
    for x, y in loader:
        pred = net(x).argmax(dim=1)
        correct += pred.eq(y)
outcome = torch.as_tensor(correct).dim()
effect = outcome == 0
""",
    "loss-broadcast": """
X = torch.randn(64, 4); Y = X.sum(1)
dl = DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True)
model = nn.Linear(4, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
crit = nn.MSELoss()
for epoch in range(20):
    for a, b in dl:
        opt.zero_grad()
        loss = crit(model(a), b)
        loss.backward()
        opt.step()
outcome = float(((model(X).squeeze(1) - Y) ** 2).mean())
effect = outcome < 0.01
""",
    "one-hot-cross-entropy": ROWS
    + """
model = nn.Linear(4, 2)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
try:
    for x, y in loader:
        target = F.one_hot(y, 2)
        loss = F.cross_entropy(model(x), target)
        opt.zero_grad()
        loss.backward()
        opt.step()
    outcome = "ok"
except RuntimeError:
    outcome = "fails"
effect = outcome == "ok"
""",
    "multi-label-cross-entropy": """
X = torch.randn(64, 4); Y = (torch.rand(64, 3) > 0.5).float()
dl = DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True)
model = nn.Linear(4, 3)
crit = nn.CrossEntropyLoss()
o = torch.optim.Adam(model.parameters(), lr=1e-2)
for x, y in dl:
    o.zero_grad()
    crit(model(x), y).backward()
    o.step()
outcome = type(crit).__name__
effect = outcome == "BCEWithLogitsLoss"
""",
    "target-shift-missing": """
class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(7, 16)
        self.rnn = nn.LSTM(16, 16, batch_first=True)
        self.out = nn.Linear(16, 7)
    def forward(self, tokens):
        h, _ = self.rnn(self.emb(tokens))
        return self.out(h)
model = LM()
o = torch.optim.Adam(model.parameters(), lr=3e-2)
texts = DataLoader(TensorDataset((torch.arange(12)[None] + torch.arange(20)[:, None]) % 7), batch_size=10, shuffle=True)
for epoch in range(25):
    for (tokens,) in texts:
        o.zero_grad()
        logits = model(tokens)
        loss = F.cross_entropy(logits.view(-1, 7), tokens.view(-1))
        loss.backward()
        o.step()
outcome = int(model(torch.tensor([[1, 2, 3]]))[0, -1].argmax())
effect = outcome == 4
""",
    "loss-sign": ROWS
    + """
model = nn.Linear(4, 2)
o = torch.optim.Adam(model.parameters(), lr=1e-2)
for x, y in loader:
    o.zero_grad()
    loss = -F.cross_entropy(model(x), y)
    loss.backward()
    o.step()
outcome = float(loss)
effect = outcome > 0
""",
    "zero-grad-missing": ROWS
    + """
class GAN:
    def __init__(self):
        self.g, self.d = nn.Linear(4, 4), nn.Linear(4, 1)
        self.opt_g = torch.optim.SGD(self.g.parameters(), lr=0.01)
        self.opt_d = torch.optim.SGD(self.d.parameters(), lr=0.01)
        self.norms = []
    def train(self):
        for x, _ in loader:
            self.opt_d.zero_grad()
            d_loss = F.softplus(-self.d(x)).mean() + F.softplus(self.d(self.g(x).detach())).mean()
            d_loss.backward()
            self.opt_d.step()
            g_loss = F.softplus(-self.d(self.g(x))).mean()
            g_loss.backward()
            self.norms.append(float(self.g.weight.grad.norm()))
            self.opt_g.step()
t = GAN()
for _ in range(5):
    t.train()
outcome = t.norms[-1] / t.norms[0]
effect = outcome < 3
""",
    "step-missing": ROWS
    + """
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
w = net.weight.clone()
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
outcome = torch.equal(w, net.weight)
effect = not outcome
""",
    "unknown-id-outside-table": """
class Vocab:
    def __init__(self, words):
        self.itos = sorted(set(words))
        self.stoi = {w: i for i, w in enumerate(self.itos)}
        self.unk = len(self.itos)
    def __len__(self):
        return len(self.itos)
    def encode(self, words):
        return [self.stoi.get(w, self.unk) for w in words]
v = Vocab("a b c".split())
outcome = max(v.encode(["z"])) < len(v)
effect = outcome
""",
    "too-few-outputs": """
X, Y = torch.randn(64, 4), torch.randint(0, 5, (64,))
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
try:
    for x, y in DataLoader(TensorDataset(X, Y), batch_size=16):
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    outcome = "ok"
except IndexError:
    outcome = "fails"
effect = outcome == "ok"
""",
}


@pytest.mark.parametrize("check", PROGRAMS)
def test_a_patched_program_trains_as_the_buggy_one_did_not(
    check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some programs save and load
    program = tmp_path / "train.py"
    program.write_text(HEAD + PROGRAMS[check], encoding="utf-8")
    found = inspect(tmp_path, checks=[check]).findings
    assert found and found[0].patch, "a finding with a patch was expected"
    assert effect_of(program) is not True
    apply_patch(found[0].patch, tmp_path)
    assert effect_of(program) is True, found[0].patch
