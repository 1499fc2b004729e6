"""Task 3: losses summed with their graphs, and augmentation before the split.

The kept graphs make memory grow until the run is stopped, under the limit it is given. The leak is judged on images of
noise with labels drawn at random: nobody can tell them, so an honest validation accuracy is that of guessing, while
copies of training images in the validation set make it high.
"""

# ruff: noqa: E501 - what a template is filled with reads best on one line

from string import Template

import numpy as np

from misrun.scenarios.arena.left import is_finite, loaded, reported, weights
from misrun.scenarios.arena.task import (
    Array,
    Bug,
    Judged,
    Left,
    Rng,
    Runs,
    Task,
    Trial,
    drawn,
    pick,
    share,
    within,
)

_SCRIPT = Template("""\
import json

import numpy as np
import torch
import torch.nn as nn
$imports

torch.manual_seed($seed)

EPOCHS = $epochs
BATCH_SIZE = $batch
COPIES = $copies


class $net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, $channels, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear($channels * $half * $half, 64)
        self.fc2 = nn.Linear(64, $classes)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv(x)))
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


def $augment(batch):
    gain = 1 + 0.2 * torch.randn(len(batch), 1, 1, 1)
    return batch * gain + 0.1 * torch.randn_like(batch)


data = np.load("data/train.npz")
$images = torch.from_numpy(data["images"]).float().unsqueeze(1)
$labels = torch.from_numpy(data["labels"]).long()

$images = torch.cat([$images] + [$augment($images) for _ in range(COPIES)])
$labels = $labels.repeat(COPIES + 1)
$split
train_loader = DataLoader(train_set, batch_size=BATCH_SIZE, shuffle=True)
val_loader = DataLoader(val_set, batch_size=256)

model = $net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=$lr)
$history
for epoch in range(EPOCHS):
    model.train()
$loop
    model.eval()
    hits = 0
    with torch.no_grad():
        for xb, yb in val_loader:
            hits += (model(xb).argmax(dim=1) == yb).sum().item()
    val_acc = hits / len(val_set)
    print(f"epoch {epoch + 1}/{EPOCHS} train_loss {$mean:.4f} val_acc {val_acc:.4f}", flush=True)

torch.save(model.state_dict(), "model.pt")
with open("metrics.json", "w") as f:
    json.dump({"val_acc": val_acc}, f)
""")

_RANDOM_SPLIT = (
    "from torch.utils.data import DataLoader, TensorDataset, random_split",
    "dataset = TensorDataset($images, $labels)\nn_val = len(dataset) // 5\n"
    "train_set, val_set = random_split(dataset, [len(dataset) - n_val, n_val])",
)
_SKLEARN_SPLIT = (
    "from sklearn.model_selection import train_test_split\nfrom torch.utils.data import DataLoader, TensorDataset",
    "x_train, x_val, y_train, y_val = train_test_split($images, $labels, test_size=0.2, random_state=$seed)\n"
    "train_set, val_set = TensorDataset(x_train, y_train), TensorDataset(x_val, y_val)",
)
_TOTAL = (
    "total_loss, steps = 0, 0\n",
    "    for xb, yb in train_loader:\n        optimizer.zero_grad()\n        loss = criterion(model(xb), yb)\n"
    "        loss.backward(retain_graph=True)\n        optimizer.step()\n        total_loss += loss\n        steps += 1",
    "total_loss / steps",
)
_LIST = (
    "history = []\n",
    "    for inputs, targets in train_loader:\n        outputs = model(inputs)\n        loss = criterion(outputs, targets)\n"
    "        optimizer.zero_grad()\n        loss.backward(retain_graph=True)\n        optimizer.step()\n        history.append(loss)",
    "sum(history[-len(train_loader):]) / len(train_loader)",
)
_SEEN = (
    "seen, running_loss = 0, 0.0\n",
    "    for xb, yb in train_loader:\n        optimizer.zero_grad(set_to_none=True)\n        logits = model(xb)\n"
    "        loss = criterion(logits, yb)\n        loss.backward(retain_graph=True)\n        optimizer.step()\n"
    "        running_loss = running_loss + loss * len(xb)\n        seen += len(xb)",
    "running_loss / seen",
)

BUGS = (
    Bug(
        id="graph_kept",
        what="The loss is summed or kept with its autograd graph, so every step's activations stay in memory.",
        modes=("memory_hardware/memory_leak",),
        line=r"loss\b.*\+|\.append\(loss\)|\+= loss|retain_graph|\.backward\(",
        told=(r"graph|detach|\.item\(\)", r"memory|kept|keeps|accumulat|retain"),
    ),
    Bug(
        id="leak",
        what="Images are augmented before the split, so copies of training images are validated on.",
        modes=("data_pipeline/leakage",),
        line=r"torch\.cat|augment|jitter|perturb|random_split|train_test_split|\.repeat\(",
        told=(r"split", r"augment|cop(y|ies)|leak"),
    ),
)
_CLASSES, _BATCH = 4, 64


def script(variant: int) -> str:
    rng = drawn("task3", variant)
    images, labels, augment, net = pick(
        variant, ("images", "labels", "augment", "Net"), ("x", "y", "jitter", "SmallConvNet"),
        ("frames", "targets", "augment", "Model"),
    )  # fmt: skip
    imports, split = pick(variant, _RANDOM_SPLIT, _SKLEARN_SPLIT)
    history, loop, mean = pick(variant, _TOTAL, _LIST, _SEEN)
    names = {"images": images, "labels": labels, "seed": rng.integers(1000)}
    return _SCRIPT.substitute(
        names, imports=imports, split=Template(split).substitute(names), history=history, loop=loop, mean=mean, net=net, augment=augment,
        epochs=_EPOCHS, batch=_BATCH, copies=pick(variant, 5, 4, 5), channels=_CHANNELS, half=_side(variant) // 2, classes=_CLASSES,
        lr=pick(variant, 0.002, 0.003),
    )  # fmt: skip


_EPOCHS, _CHANNELS = 6, 12


def _side(variant: int) -> int:
    return pick(variant, 16, 18, 20)


def _patterns(side: int, rng: Rng) -> Array:
    """One smooth pattern per class."""
    rough = rng.normal(size=(_CLASSES, side // 4 + 1, side // 4 + 1))
    return rough.repeat(4, axis=1).repeat(4, axis=2)[:, :side, :side]


def _images(patterns: Array, n: int, rng: Rng) -> dict[str, Array]:
    labels = rng.integers(0, _CLASSES, n)
    images = patterns[labels] + 1.5 * rng.normal(size=(n, *patterns.shape[1:]))
    return {"images": images.astype(np.float32), "labels": labels}


def _noise(side: int, n: int, rng: Rng) -> dict[str, Array]:
    return {"images": rng.normal(size=(n, side, side)).astype(np.float32), "labels": rng.integers(0, _CLASSES, n)}


# With the CPU build of PyTorch 2.13 a mended script holds 230 to 350 MiB, and one that keeps its graphs passes 550.
_TIGHT_MIB = 450


def trials(variant: int, rng: Rng) -> list[Trial]:
    """Under the limit; without it, so that the leak is judged where memory runs out; and with nothing to be told."""
    patterns, others = _patterns(_side(variant), rng), _patterns(_side(variant), rng)
    seen = {"train.npz": _images(patterns, int(rng.integers(560, 640)), rng)}
    roomy = {"train.npz": _images(others, int(rng.integers(560, 640)), rng)}
    noise = {"train.npz": _noise(_side(variant), int(rng.integers(560, 640)), rng)}
    return [
        Trial("tight", seen, patterns, memory_mib=_TIGHT_MIB),
        Trial("roomy", roomy, others),
        Trial("noise", noise, noise["train.npz"]),
    ]


def _accuracy(variant: int, left: Left, given: dict[str, Array]) -> float:
    """Share of the given images that the weights left behind tell; 0 where there are none."""
    import torch
    from torch.nn.functional import conv2d, linear, max_pool2d

    half = _side(variant) // 2
    shapes = {"conv.weight": (_CHANNELS, 1, 3, 3), "conv.bias": (_CHANNELS,), "fc1.weight": (64, _CHANNELS * half * half),
              "fc1.bias": (64,), "fc2.weight": (_CLASSES, 64), "fc2.bias": (_CLASSES,)}  # fmt: skip
    state = weights(loaded(left, "model.pt"), shapes) if left.finished else None
    if state is None or not is_finite(state):
        return 0.0
    x = torch.from_numpy(given["images"]).unsqueeze(1)
    x = max_pool2d(torch.relu(conv2d(x, state["conv.weight"], state["conv.bias"], padding=1)), 2).flatten(1)
    logits = linear(
        torch.relu(linear(x, state["fc1.weight"], state["fc1.bias"])), state["fc2.weight"], state["fc2.bias"]
    )
    return float((logits.argmax(1) == torch.from_numpy(given["labels"])).float().mean())


# Guessing tells a quarter; with 110 or more validation images three standard deviations are 0.12.
_GUESSING = 0.25 + 0.13
# Four fifths of the noise images are trained on and can be learned by heart.
_BY_HEART = 0.6
# Reported and true accuracy of an honest validation set of 110 images differ by less, in 99 of 100 draws at 0.95.
_HONEST = 0.08


def judge(variant: int, runs: Runs, rng: Rng) -> Judged:
    truth, roomy_truth = (
        _accuracy(variant, left, _images(trial.truth, 2000, rng)) for trial, left in (runs["tight"], runs["roomy"])
    )
    tight, noise = runs["tight"][1], runs["noise"][1]
    heart = _accuracy(variant, noise, runs["noise"][0].truth)
    on_noise = reported(noise, "metrics.json", "val_acc")
    told = reported(runs["roomy"][1], "metrics.json", "val_acc")
    fits = tight.finished and truth > 0.5
    honest = heart >= _BY_HEART and on_noise <= _GUESSING and abs(told - roomy_truth) <= _HONEST
    reward = _reward(fits, honest, roomy_truth > 0.5, truth, tight)
    metrics = {"accuracy": truth, "reported": told, "reported_on_noise": on_noise, "learned_by_heart": heart}
    return Judged(reward=reward, fixed={"graph_kept": fits, "leak": honest}, metrics=metrics)


def _reward(fits: bool, honest: bool, trained: bool, truth: float, tight: Left) -> float:
    if not trained:
        return 0.05 * tight.finished
    if fits and honest:
        return (
            within(0.85, 1.0, share(truth, 0.92, 0.96)) if truth > 0.92 else within(0.65, 0.85, share(truth, 0.7, 0.92))
        )
    if fits or honest:
        return within(0.40, 0.65, share(truth, 0.7, 0.95))
    return 0.10 if not tight.finished else 0.14


TASK = Task(
    id="task3",
    name="OOM + Data Leakage",
    difficulty="hard",
    bugs=BUGS,
    description=(
        "train.py trains a small convolutional network on data/train.npz (images, labels), writes its state dict to model.pt "
        f"and the validation accuracy of the last epoch to metrics.json as val_acc. It may hold {_TIGHT_MIB} MiB of memory. All "
        "epochs should run, new images should be told with an accuracy above 0.92, and the val_acc it reports should be "
        "what the model reaches on images it has never seen. Hand in the mended train.py; keep the network's layers, and "
        "the files it reads and writes."
    ),
    writes=("model.pt", "metrics.json"),
    script=script,
    trials=trials,
    judge=judge,
    memory_mib=_TIGHT_MIB,
)
