"""Task 2: a hand-written log loss that takes the log of 0 once the sigmoid saturates.

float32 rounds a sigmoid to exactly 1 above 17 and to exactly 0 below -104, so log(1 - p) is the side that goes first, and
a bound such as 1 - 1e-9 rounds to 1 and protects nothing. A second run has rows that saturate at the first step: a smaller
learning rate, or leaving out the batches with NaN, hides the bug in the first run only.
"""

# ruff: noqa: E501 - what a template is filled with reads best on one line

from string import Template
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

from misrun.scenarios.arena.left import is_finite, loaded, weights
from misrun.scenarios.arena.task import Array, Bug, Judged, Left, Rng, Runs, Task, Trial, drawn, pick, share, within

_FUNCTION = Template("""\
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed($seed)


def $loss_name($p, $t):
$body


class $net(nn.Module):
    def __init__(self, width=$width):
        super().__init__()
        self.hidden = nn.Linear($dim, width)
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        return torch.sigmoid(self.out(torch.relu(self.hidden(x)))).squeeze(1)


data = np.load("data/train.npz")
x = torch.from_numpy(data["x"]).float()
y = torch.from_numpy(data["y"]).float()
n_train = int(0.8 * len(x))
loader = DataLoader(TensorDataset(x[:n_train], y[:n_train]), batch_size=$batch, shuffle=True)

model = $net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

step = 0
for epoch in range($epochs):
    model.train()
    for xb, yb in loader:
        loss = $loss_name(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % 10 == 0:
            print(f"step {step} loss {loss.item():.4f}")
    model.eval()
    with torch.no_grad():
        acc = ((model(x[n_train:]) > 0.5).float() == y[n_train:]).float().mean().item()
    print(f"epoch {epoch + 1} val_acc {acc:.4f}")

torch.save(model.state_dict(), "model.pt")
""")

# Lines of the loss, and which side they leave bare: both, 1 - p, p, and both behind bounds that float32 rounds away.
_BODIES = (
    "    return -($t * torch.log($p) + (1 - $t) * torch.log(1 - $p)).mean()",
    "    positive = $t * torch.log($p.clamp(min=1e-7))\n    negative = (1 - $t) * torch.log(1 - $p)\n    return -(positive + negative).mean()",
    "    rest = torch.clamp(1 - $p, min=1e-6)\n    ll = $t * torch.log($p) + (1.0 - $t) * torch.log(rest)\n    return -ll.mean()",
    "    $p = $p.clamp(1e-9, 1 - 1e-9)\n    return -($t * $p.log() + (1 - $t) * (1 - $p).log()).mean()",
    "    ones = torch.log($p)\n    zeros = torch.log(1.0 - $p)\n    return -torch.where($t > 0.5, ones, zeros).mean()",
)

BUGS = (
    Bug(
        id="log_of_zero",
        what="The log of a probability that is exactly 0 in float32: the loss becomes infinite or NaN.",
        modes=("optimization/unstable_arithmetic",),
        line=r"log\(|clamp\(",
        told=(r"\blog\b", r"\b0\b|zero|saturat|clamp|logits|NaN"),
    ),
)


def script(variant: int) -> str:
    rng = drawn("task2", variant)
    loss_name, p, t = pick(variant, ("log_loss", "p", "t"), ("bce", "pred", "target"), ("criterion", "prob", "label"),
                           ("nll", "q", "y_true"), ("binary_loss", "scores", "truth"))  # fmt: skip
    body = Template(pick(variant, *_BODIES)).substitute(p=p, t=t)
    return _FUNCTION.substitute(
        loss_name=loss_name, p=p, t=t, body=body, net=pick(variant, "Net", "Scorer", "MLP", "Classifier"), seed=rng.integers(1000),
        dim=_dim(variant), width=_width(variant), batch=rng.choice([32, 64]), epochs=pick(variant, 20, 24),
    )  # fmt: skip


def _dim(variant: int) -> int:
    return pick(variant, 8, 10, 12, 6, 9)


def _width(variant: int) -> int:
    return pick(variant, 32, 24, 48)


def _rows(direction: Array, n: int, outliers: tuple[float, float], rng: Rng) -> dict[str, Array]:
    """Two classes on both sides of a bent surface; a share of the rows (outliers[0]) is outliers[1] times as large."""
    x = rng.normal(size=(n, len(direction)))
    y = (x @ direction + 0.5 * np.abs(x[:, 0]) - 0.4 > 0).astype(np.int64)
    x[rng.random(n) < outliers[0]] *= outliers[1]
    # The class of a scaled row is that of its direction, far out: the constant no longer counts.
    far = np.abs(x).max(axis=1) > 10
    y[far] = (x[far] @ direction + 0.5 * np.abs(x[far, 0]) > 0).astype(np.int64)
    return {"x": x.astype(np.float32), "y": y}


_USUAL, _STEEP = (0.02, 40.0), (0.1, 1000.0)


def trials(variant: int, rng: Rng) -> list[Trial]:
    found = []
    for name, outliers in (("usual", _USUAL), ("steep", _STEEP)):
        direction = rng.normal(size=_dim(variant))
        direction /= np.linalg.norm(direction)
        files = {"train.npz": _rows(direction, int(rng.integers(700, 900)), outliers, rng)}
        found.append(Trial(name, files, (direction, outliers)))
    return found


def _tested(variant: int, trial: Trial, left: Left, rng: Rng) -> tuple[bool, float]:
    """Whether finite weights were left, and their accuracy on rows drawn now."""
    import torch

    dim, width = _dim(variant), _width(variant)
    shapes = {"hidden.weight": (width, dim), "hidden.bias": (width,), "out.weight": (1, width), "out.bias": (1,)}
    state = weights(loaded(left, "model.pt"), shapes) if left.finished else None
    if state is None or not is_finite(state):
        return False, 0.0
    rows = _rows(trial.truth[0], 2000, trial.truth[1], rng)
    hidden = torch.relu(torch.from_numpy(rows["x"]) @ state["hidden.weight"].T + state["hidden.bias"])
    logits: Tensor = (hidden @ state["out.weight"].T + state["out.bias"]).squeeze(1)
    return True, float(((logits > 0) == torch.from_numpy(rows["y"]).bool()).float().mean())


# Halves are told by chance; a submission that skips its batches with NaN learns nothing in the steep run.
_LEARNED = 0.7


def judge(variant: int, runs: Runs, rng: Rng) -> Judged:
    finite, accuracy = _tested(variant, *runs["usual"], rng)
    finite_steep, accuracy_steep = _tested(variant, *runs["steep"], rng)
    fixed = finite and finite_steep and accuracy_steep >= _LEARNED and accuracy >= _LEARNED
    if not runs["usual"][1].finished or "model.pt" not in runs["usual"][1].files:
        reward = 0.05 * runs["usual"][1].finished
    elif not fixed:
        reward = within(0.10, 0.14, share(accuracy, 0.5, 1.0))
    elif accuracy > 0.85:
        reward = within(0.85, 1.0, share(accuracy, 0.85, 0.93))
    else:
        reward = within(0.50, 0.75, share(accuracy, _LEARNED, 0.85))
    return Judged(
        reward=reward, fixed={"log_of_zero": fixed}, metrics={"accuracy": accuracy, "accuracy_steep": accuracy_steep}
    )


TASK = Task(
    id="task2",
    name="Silent NaN Loss",
    difficulty="medium",
    bugs=BUGS,
    description=(
        "train.py trains a binary classifier on data/train.npz (x, y) with a loss of its own and writes its state dict to "
        "model.pt. The loss turns into NaN. It should stay finite whatever the data, and the accuracy on new rows should "
        "pass 0.85. Hand in the mended train.py; keep the network's layers and the files it reads and writes."
    ),
    writes=("model.pt",),
    script=script,
    trials=trials,
    judge=judge,
)
