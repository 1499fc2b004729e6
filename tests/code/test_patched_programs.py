"""Buggy programs that are run, patched and run again: the patch brings the effect that was missing.

Each program leaves what is looked at in `effect`; `True` is what a healthy program gives.
"""

import warnings
from pathlib import Path

import pytest

from misrun.tools.code.apply_patch import apply_patch
from misrun.tools.code.inspect import inspect

pytest.importorskip("torch")
pytest.importorskip("sklearn")

HEAD = """\
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

torch.set_num_threads(1)  # the steps are tiny
torch.manual_seed(0)
inputs, labels = torch.randn(64, 8), torch.arange(64) // 16


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        return self.head(self.body(x))


loader = DataLoader(TensorDataset(inputs, labels), batch_size=16, shuffle=True)
"""

PROGRAMS = {
    "layer-built-in-forward": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.width = 8
    def forward(self, x):
        return nn.Linear(self.width, 4)(x)
model = Model().eval()
effect = bool(torch.equal(model(inputs), model(inputs))) and len(list(model.parameters())) == 2
""",
    "dropout-always-on": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)
    def forward(self, x):
        return self.fc(F.dropout(x, 0.5))
model = Model().eval()
effect = bool(torch.equal(model(inputs), model(inputs)))
""",
    "parameter-not-leaf": """
class Model(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8), requires_grad=True).to(dtype)
    def forward(self, x):
        return x * self.scale
model = Model(torch.float64)
effect = [p.dtype for p in model.parameters()] == [torch.float64]
""",
    "modules-in-plain-list": """
class Model(nn.Module):
    def __init__(self, n):
        super().__init__()
        layers = []
        for i in range(n):
            layers.append(nn.Linear(8, 8))
        self.layers = layers
    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return x
model = Model(3)
effect = len(list(model.parameters())) == 6 and model(inputs).shape == (64, 8)
""",
    "tensor-not-parameter": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.ones(8, requires_grad=True)
    def forward(self, x):
        return x * self.scale
model = Model()
effect = [n for n, _ in model.named_parameters()] == ["scale"]
""",
    "optimizer-leaves-out-part": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Linear(8, 16), nn.Linear(16, 4)
    def forward(self, x):
        return self.head(self.encoder(x).relu())
model = Model()
opt = torch.optim.SGD(model.head.parameters(), lr=0.1)
before = model.encoder.weight.clone()
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
effect = not torch.equal(before, model.encoder.weight)
""",
    "view-after-permute": """
def swap(x):
    b, t, c = x.shape
    x = x.view(b, c, t)
    return x.contiguous().view(b, -1)
x = torch.arange(24.0).view(2, 3, 4)
effect = torch.equal(swap(x), x.transpose(1, 2).reshape(2, -1))
""",
    "channels-last-input": """
images = torch.rand(16, 12, 10, 3)
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)
    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))
model = Model()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
effect = True
try:
    for x, y in DataLoader(TensorDataset(images, torch.zeros(16).long()), batch_size=8, shuffle=True):
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()
        opt.step()
except RuntimeError:
    effect = False
""",
    "shuffle-missing": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
train_loader = DataLoader(
    TensorDataset(inputs, labels),
    batch_size=16,
    drop_last=True,
)
classes = []
for x, y in train_loader:
    classes.append(len(y.unique()))
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
effect = min(classes) > 1
""",
    "one-sided-shuffle": """
rng = np.random.default_rng(0)
rows = np.arange(40.0)[:, None] * np.ones(3)
targets = np.arange(40)
rng.shuffle(rows)
rng.shuffle(targets)
effect = bool((rows[:, 0] == targets).all()) and not bool((targets == np.arange(40)).all())
""",
    "worker-seed": """
class Noisy(Dataset):
    def __init__(self):
        self.rng = np.random.default_rng(0)
    def __len__(self):
        return 4
    def __getitem__(self, i):
        return self.rng.random()
noisy = DataLoader(Noisy(), batch_size=1, num_workers=2)
drawn = [float(x) for _ in range(2) for x in noisy]
effect = len(set(drawn)) == len(drawn)
""",
    "stream-repeated-by-workers": """
from torch.utils.data import IterableDataset
class Numbers(IterableDataset):
    def __iter__(self):
        for i in range(10):
            yield i
stream = DataLoader(Numbers(), batch_size=None, num_workers=2)
effect = sorted(int(x) for x in stream) == list(range(10))
""",
    "order-drawn-once": """
from torch.utils.data import Sampler
class Shuffled(Sampler):
    def __init__(self, n):
        self.order = np.random.permutation(n).tolist()
    def __iter__(self):
        return iter(self.order)
    def __len__(self):
        return len(self.order)
sampler = Shuffled(50)
effect = list(sampler) != list(sampler) and sorted(sampler) == list(range(50))
""",
    "seed-in-loop": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
drawn = []
for epoch in range(3):
    torch.manual_seed(7)
    drawn.append(float(torch.rand(1)))
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()
        opt.step()
effect = len(set(drawn)) == 3
""",
    "cycle-keeps-batches": """
import itertools
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
batches = itertools.cycle(loader)
firsts = []
for step in range(8):
    x, y = next(batches)
    firsts.append(float(x[0, 0]))
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
effect = firsts[:4] != firsts[4:]
""",
    "no-grad-missing": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
model.eval()
outputs = []
for x, y in loader:
    # one batch
    outputs.append(model(x))
effect = all(out.grad_fn is None for out in outputs) and len(outputs) == 4
""",
    "eval-mode-missing": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
modes, held_out = [], []
for epoch in range(2):
    for x, y in loader:
        modes.append(model.training)
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()
        opt.step()
    with torch.no_grad():
        for x, y in loader:
            held_out.append(model.training)
            print(model(x).argmax(1).sum(), end="")
effect = all(modes) and not any(held_out)
""",
    "train-mode-not-restored": """
class Trainer:
    def __init__(self):
        self.net = Net()
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.modes = []
    def train_epoch(self):
        for x, y in loader:
            self.modes.append(self.net.training)
            self.opt.zero_grad()
            F.cross_entropy(self.net(x), y).backward()
            self.opt.step()
    @torch.no_grad()
    def validate(self):
        self.net.eval()
        return sum((self.net(x).argmax(1) == y).sum().item() for x, y in loader)
    def fit(self):
        for epoch in range(3):
            self.train_epoch()
            self.validate()
trainer = Trainer()
trainer.fit()
effect = all(trainer.modes) and not trainer.net.training
""",
    "outputs-kept-with-graph": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
outs, ys = [], []
for x, y in loader:
    out = model(x)
    loss = F.cross_entropy(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    outs.append(torch.softmax(out, dim=1)); ys.append(y)
effect = torch.cat(outs).grad_fn is None and len(torch.cat(ys)) == 64
""".replace("; ys.append(y)", "\n    ys.append(y)"),
    "average-with-graph": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
running = 0.0
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    running = 0.9 * running + 0.1 * loss
effect = not running.requires_grad
""",
    "hidden-state-carried": """
rnn, head = nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 4)
opt = torch.optim.SGD([*rnn.parameters(), *head.parameters()], lr=0.1)
state, effect = None, True
try:
    for x, y in loader:
        out, state = rnn(x.view(4, 4, 8), state)
        opt.zero_grad()
        F.cross_entropy(head(out).flatten(0, 1), y).backward()
        opt.step()
except RuntimeError:
    effect = False
""",
    "double-precision-input": """
rows = np.random.rand(20, 8)
x = torch.from_numpy(
    rows[:10]
)
model = nn.Linear(8, 4)
effect = True
try:
    model(x)
except RuntimeError:
    effect = False
""",
    "generator-set-back": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
noises = []
for x, y in loader:
    rng = np.random.default_rng(3)
    noise = rng.random(3)
    noises.append(float(noise[0]))
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
effect = len(set(noises)) == 4
""",
    "learning-rate-per-batch": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=1.0)
for epoch in range(2):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()
        opt.step()
        for group in opt.param_groups:
            group["lr"] *= 0.5
effect = opt.param_groups[0]["lr"] == 0.25
""",
    "relu-on-logits": """
model = nn.Sequential(
    nn.Linear(8, 16),
    nn.ReLU(),
    nn.Linear(16, 4),
    nn.ReLU(),
)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
effect = bool(model(inputs).min() < 0)
""",
    "overlapping-split": """
rows = list(range(100))
n_train, n_val = 80, 20
train_rows, val_rows = rows[:n_train], rows[:n_val]
effect = not set(train_rows) & set(val_rows) and len(val_rows) == 20
""",
    "one-sided-order": """
x, y = np.arange(32.0)[:, None], np.arange(32)
order = np.random.permutation(32)
x = x[order]
data = TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
effect = all(int(row) == int(label) for row, label in data)
""",
    "one-sided-listing": """
class os:
    def listdir(path):
        return {"a": ["1", "2", "3"], "b": ["3", "1", "2"]}[path]
def pairs():
    images = sorted(os.listdir("a"))
    masks = os.listdir("b")
    return list(zip(images, masks))
effect = all(i == m for i, m in pairs())
""",
    "scaler-refitted": """
from sklearn.preprocessing import StandardScaler
def prepare(x_train, x_test):
    x_train = StandardScaler().fit_transform(x_train)
    x_test = StandardScaler().fit_transform(x_test)
    return x_train, x_test
one, other = prepare(np.zeros((5, 1)) + np.arange(5)[:, None], np.full((5, 1), 100.0) + np.arange(5)[:, None])
effect = float(other.mean()) > 10
""",
    "fit-on-held-out": """
from sklearn.preprocessing import LabelEncoder
encoder = LabelEncoder()
train_names, test_names = ["cat", "dog", "owl"], ["dog", "owl"]
y_train = encoder.fit_transform(train_names)
y_test = encoder.fit_transform(test_names)
effect = y_test.tolist() == [1, 2]
""",
    "thawed-outside-optimizer": """
net = Net()
for p in net.body.parameters():
    p.requires_grad = False
opt = torch.optim.SGD(filter(lambda p: p.requires_grad, net.parameters()), lr=0.1, weight_decay=0.1)
before = net.body[0].weight.clone()
for epoch in range(2):
    if epoch == 1:
        untouched = torch.equal(before, net.body[0].weight)
        for p in net.body.parameters():
            p.requires_grad = True
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
effect = untouched and not torch.equal(before, net.body[0].weight)
""",
    "optimizer-before-model-change": """
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
classes = 4
net.head = nn.Linear(16, classes)
before = net.head.weight.clone()
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
effect = not torch.equal(before, net.head.weight)
""",
    "optimizer-wrong-model": """
import copy
base = Net()
opt = torch.optim.SGD(base.parameters(), lr=0.1)
net = copy.deepcopy(base)
before = net.head.weight.clone()
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
effect = not torch.equal(before, net.head.weight)
""",
    "part-without-gradient": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Linear(8, 16), nn.Linear(16, 4)
    def forward(self, x):
        with torch.no_grad():
            h = self.encoder(x)
            h = h.relu()
        return self.head(h)
model = Model()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
effect = model.encoder.weight.grad is not None
""",
    "optimizer-leaves-out-model": """
enc, dec = nn.Linear(8, 16), nn.Linear(16, 4)
opt = torch.optim.SGD(enc.parameters(), lr=0.1)
before = dec.weight.clone()
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(dec(enc(x).relu()), y).backward()
    opt.step()
effect = not torch.equal(before, dec.weight)
""",
    "model-rebound-in-loop": """
net = nn.Linear(8, 4)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
changed = []
for stage in range(2):
    before = net.weight.clone()
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    changed.append(not torch.equal(before, net.weight))
    net = nn.Linear(8, 4)
effect = all(changed)
""",
    "training-on-all-rows": """
from torch.utils.data import random_split
data = TensorDataset(inputs, labels)
train_set, val_set = random_split(data, [48, 16])
train_loader = DataLoader(data, batch_size=8, shuffle=True)
val_loader = DataLoader(val_set, batch_size=8)
seen = {tuple(row.tolist()) for x, _ in train_loader for row in x}
effect = not any(tuple(row.tolist()) in seen for x, _ in val_loader for row in x) and len(seen) == 48
""",
    "split-drawn-per-part": """
import random
class Rows(Dataset):
    def __init__(self, rows, split):
        self.rows = list(rows)
        random.shuffle(self.rows)
        self.rows = self.rows[:80] if split == "train" else self.rows[80:]
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        return self.rows[i]
train, val = Rows(range(100), "train"), Rows(range(100), "val")
effect = not set(train.rows) & set(val.rows) and train.rows != sorted(train.rows)
""",
    "shuffled-windows": """
from torch.utils.data import random_split
class Windows(Dataset):
    def __init__(self, series, n):
        self.series, self.n = series, n
    def __len__(self):
        return len(self.series) - self.n
    def __getitem__(self, i):
        return self.series[i:i + self.n], self.series[i + self.n]
windows = Windows(torch.arange(100.0), 4)
train_set, val_set = random_split(windows, [80, 16])
effect = max(float(train_set[i][1]) for i in range(80)) < min(float(val_set[i][1]) for i in range(16))
""",
    "bool-option": """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--freeze", type=bool, default=True)
effect = parser.parse_args(["--freeze", "False"]).freeze is False and parser.parse_args([]).freeze is True
""",
    "hook-per-step": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
kept = {}
def grab(module, given, out):
    kept["head"] = out.detach()
for x, y in loader:
    model.head.register_forward_hook(grab)
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
effect = len(model.head._forward_hooks) == 1 and "head" in kept
""",
    "term-kept-with-graph": """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
total = 0.0
for x, y in loader:
    out = model(x)
    loss = F.cross_entropy(out, y, label_smoothing=0.1)
    nll = F.cross_entropy(out, y, reduction="sum")
    opt.zero_grad()
    loss.backward()
    opt.step()
    total += nll
effect = not total.requires_grad
""",
    "weight-decay-high": """
model = nn.Linear(8, 4)
opt = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.5)
for step in range(100):
    loss = F.cross_entropy(model(inputs), labels)
    opt.zero_grad()
    loss.backward()
    opt.step()
effect = float(model.weight.norm()) > 0.5
""",
}


def effect_of(program: Path) -> object:
    """The program's `effect`, run in its own folder."""
    names: dict[str, object] = {"__name__": "__main__", "__file__": str(program)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(program.read_text(encoding="utf-8"), str(program), "exec"), names)
    return names["effect"]


@pytest.mark.parametrize("check", PROGRAMS)
def test_a_patched_program_does_what_the_buggy_one_did_not(check: str, tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text(HEAD + PROGRAMS[check], encoding="utf-8")
    found = inspect(tmp_path, checks=[check]).findings
    assert found and found[0].patch, "a finding with a patch was expected"
    assert effect_of(program) is not True
    apply_patch(found[0].patch, tmp_path)
    assert effect_of(program) is True, found[0].patch
