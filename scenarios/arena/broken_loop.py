"""Task 1: a linear classifier whose loop steps before backward, with a learning rate of 10.

With gradients set to None by zero_grad, a step before backward changes nothing: the learning rate shows only once the
order is right. So the script is also run with the order put right from outside.
"""

# ruff: noqa: E501 - what a template is filled with reads best on one line

from string import Template
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

from misrun.scenarios.arena.left import is_finite, loaded, weights
from misrun.scenarios.arena.task import Array, Bug, Judged, Left, Rng, Runs, Task, Trial, drawn, pick, share, within

_PLAIN = Template("""\
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed($seed)

data = np.load("data/train.npz")
$x = torch.from_numpy(data["x"]).float()
$y = torch.from_numpy(data["y"]).long()
n_val = len($x) // 5
loader = DataLoader(TensorDataset($x[n_val:], $y[n_val:]), batch_size=$batch, shuffle=True)

model = nn.Linear($dim, 2)
$criterion = nn.CrossEntropyLoss()
$optimizer = torch.optim.Adam(model.parameters(), lr=$lr)

for epoch in range(50):
    running = 0.0
    for xb, yb in loader:
        $optimizer.zero_grad()
        logits = model(xb)
        loss = $criterion(logits, yb)
        $optimizer.step()
        loss.backward()
        running += loss.item()
    with torch.no_grad():
        acc = (model($x[:n_val]).argmax(dim=1) == $y[:n_val]).float().mean().item()
    print(f"epoch {epoch + 1:3d}  loss {running / len(loader):.4f}  val_acc {acc:.4f}")

torch.save(model.state_dict(), "model.pt")
""")

_FUNCTIONS = Template("""\
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

LEARNING_RATE = $lr
BATCH = $batch
EPOCHS = 50


def read(path):
    with np.load(path) as data:
        return torch.tensor(data["x"], dtype=torch.float32), torch.tensor(data["y"], dtype=torch.int64)


def accuracy(model, $x, $y):
    with torch.no_grad():
        return (model($x).argmax(1) == $y).float().mean().item()


def train_one_epoch(model, $optimizer, $x, $y):
    order = torch.randperm(len($x))
    total = 0.0
    for start in range(0, len(order), BATCH):
        picked = order[start : start + BATCH]
        $optimizer.zero_grad()
        loss = F.cross_entropy(model($x[picked]), $y[picked])
        $optimizer.step()
        loss.backward()
        total += loss.item() * len(picked)
    return total / len($x)


def main():
    torch.manual_seed($seed)
    $x, $y = read("data/train.npz")
    cut = int(0.8 * len($x))
    model = nn.Linear($dim, 2)
    $optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    for epoch in range(EPOCHS):
        loss = train_one_epoch(model, $optimizer, $x[:cut], $y[:cut])
        print(f"[{epoch + 1}/{EPOCHS}] train_loss={loss:.4f} val_acc={accuracy(model, $x[cut:], $y[cut:]):.4f}")
    torch.save(model.state_dict(), "model.pt")


if __name__ == "__main__":
    main()
""")

BUGS = (
    Bug(
        id="learning_rate",
        what="Adam with a learning rate of 10 throws the weights far past any good value.",
        modes=("optimization/learning_rate_too_high",),
        line=r"\blr=|LEARNING_RATE =",
        told=(r"learning rate|\blr\b", r"high|large|too big|reduc|lower|\b10\b"),
    ),
    Bug(
        id="step_order",
        what="optimizer.step() runs before loss.backward(), on gradients that zero_grad has just cleared.",
        modes=("model_software/step_order",),
        line=r"\.step\(\)|\.backward\(\)|\.zero_grad\(\)",
        told=(r"\bsteps?\b", r"backward"),
    ),
)


def script(variant: int) -> str:
    rng = drawn("task1", variant)
    names = pick(variant, ("x", "y", "criterion", "optimizer"), ("features", "targets", "loss_fn", "opt"),
                 ("points", "labels", "criterion", "adam"))  # fmt: skip
    values: dict[str, object] = dict(zip(("x", "y", "criterion", "optimizer"), names, strict=True))
    values |= {
        "seed": rng.integers(1000),
        "dim": _dim(variant),
        "batch": rng.choice([32, 48, 64]),
        "lr": pick(variant, "10.0", "10", "10."),
    }
    return pick(variant, _PLAIN, _FUNCTIONS).substitute(values)


def _dim(variant: int) -> int:
    return pick(variant, 10, 12, 16, 10, 14)


_MISLABELLED = 0.03


def _points(direction: Array, n: int, rng: Rng) -> dict[str, Array]:
    """Points on both sides of a plane, kept off it, so that a straight cut tells nearly all but the mislabelled ones:
    those make huge weights cost a huge loss."""
    x = rng.normal(size=(n, len(direction)))
    y = rng.integers(0, 2, n)
    x += np.outer((2 * y - 1) * 1.2 - x @ direction * 0.5, direction)
    return {"x": x.astype(np.float32), "y": np.where(rng.random(n) < _MISLABELLED, 1 - y, y)}


def trials(variant: int, rng: Rng) -> list[Trial]:
    found = []
    for name in ("plain", "deferred"):
        direction = rng.normal(size=_dim(variant))
        direction /= np.linalg.norm(direction)
        files = {"train.npz": _points(direction, int(rng.integers(480, 640)), rng)}
        found.append(Trial(name, files, direction, runner="deferred" if name == "deferred" else "plain"))
    return found


class Tested(NamedTuple):
    """What the weights left behind reach on points drawn now, and whether training moved them at all."""

    accuracy: float
    loss: float
    moved: bool

    @property
    def learned(self) -> bool:
        return self.moved and self.accuracy >= _LEARNED


# Above what weights tell that were moved at random; half of the points are told by guessing.
_LEARNED = 0.75
# The document asks for a loss below 0.3; on new points a little more is allowed. With lr 10 it is far above 1.
_CALM = 0.4


def _tested(variant: int, trial: Trial, left: Left, rng: Rng) -> Tested:
    import torch
    from torch.nn.functional import cross_entropy, linear

    dim = _dim(variant)
    state = weights(loaded(left, "model.pt"), {"weight": (2, dim), "bias": (2,)}) if left.finished else None
    if state is None or not is_finite(state):
        return Tested(0.0, float("inf"), False)
    points = _points(trial.truth, 2000, rng)
    x, y = torch.from_numpy(points["x"]), torch.from_numpy(points["y"])
    logits: Tensor = linear(x, state["weight"], state["bias"])
    # nn.Linear draws its first weights from within 1 / sqrt(in_features).
    moved = float(state["weight"].abs().max()) > 1.01 / dim**0.5
    return Tested(float((logits.argmax(1) == y).float().mean()), float(cross_entropy(logits, y)), moved)


def judge(variant: int, runs: Runs, rng: Rng) -> Judged:
    plain, ordered = _tested(variant, *runs["plain"], rng), _tested(variant, *runs["deferred"], rng)
    fixed = {"step_order": plain.learned, "learning_rate": ordered.learned and ordered.loss < _CALM}
    metrics = {"accuracy": plain.accuracy, "loss": plain.loss, "loss_in_order": ordered.loss}
    return Judged(reward=_reward(fixed, plain, ordered, runs["plain"][1]), fixed=fixed, metrics=metrics)


def _reward(fixed: dict[str, bool], plain: Tested, ordered: Tested, left: Left) -> float:
    count = sum(fixed.values())
    if not left.finished or not ordered.learned:
        return 0.05 * left.finished
    if count == 2 and plain.accuracy > 0.90:
        return within(0.85, 1.0, share(plain.accuracy, 0.90, 0.95))
    if count:
        return within(0.40, 0.70, share(plain.accuracy, 0.5, 1.0))
    return within(0.15, 0.25, share(plain.accuracy, 0.5, 1.0))


TASK = Task(
    id="task1",
    name="Broken Training Loop",
    difficulty="easy",
    bugs=BUGS,
    description=(
        "train.py trains a linear classifier of points in two classes on data/train.npz (x, y) and writes its state dict "
        "to model.pt. Its loss should fall below 0.3 and its accuracy on new points should pass 0.90 within the 50 "
        "epochs it runs; it does not get there. Hand in the mended train.py; keep the model and the files it reads and writes."
    ),
    writes=("model.pt",),
    script=script,
    trials=trials,
    judge=judge,
)
