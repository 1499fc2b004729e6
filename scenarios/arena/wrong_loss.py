"""Task 4: tags that go together trained with CrossEntropyLoss and evaluated by argmax.

How many tags an item has depends on the item, which a softmax cannot express: it only ranks them. The F1 that the script
reports is compared with the one its own weights reach at a threshold, on few tags per item and on many.
"""

# ruff: noqa: E501 - what a template is filled with reads best on one line

from string import Template
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

from misrun.scenarios.arena.left import is_finite, loaded, reported, weights
from misrun.scenarios.arena.task import Array, Bug, Judged, Left, Rng, Runs, Task, Trial, drawn, pick, share, within

_SCRIPT = Template("""\
import json

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed($seed)

N_TAGS = $tags


def load(split):
    data = np.load(f"data/{split}.npz")
    return torch.from_numpy(data["x"]).float(), torch.from_numpy(data["tags"]).float()


def micro_f1(pred, target):
    tp = (pred * target).sum()
    return (2 * tp / (pred.sum() + target.sum()).clamp(min=1)).item()


def evaluate(model, $x, $y):
    model.eval()
    with torch.no_grad():
        $out = model($x)
$decide
    return micro_f1(pred, $y)


train_x, train_y = load("train")
val_x, val_y = load("val")
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=$batch, shuffle=True)

model = nn.Sequential(nn.Linear($dim, $width), nn.ReLU(), nn.Linear($width, N_TAGS))
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
$criterion
for epoch in range(25):
    model.train()
    epoch_loss = 0.0
    for $x, $y in loader:
        optimizer.zero_grad()
        loss = $loss(model($x), $y)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    f1 = evaluate(model, val_x, val_y)
    print(f"epoch {epoch + 1} loss {epoch_loss / len(loader):.4f} val_f1 {f1:.4f}")

torch.save(model.state_dict(), "model.pt")
with open("metrics.json", "w") as f:
    json.dump({"val_f1": f1}, f)
""")
_DECISIONS = (
    "    pred = F.one_hot($out.argmax(dim=1), N_TAGS).float()",
    "    pred = torch.zeros_like($y)\n    pred[torch.arange(len($y)), $out.argmax(dim=1)] = 1.0",
    "    best = $out.softmax(dim=1).argmax(dim=1)\n    pred = F.one_hot(best, num_classes=N_TAGS).float()",
    "    pred = torch.zeros_like($out).scatter_(1, $out.argmax(dim=1, keepdim=True), 1.0)",
)
BUGS = (
    Bug(
        id="loss",
        what="CrossEntropyLoss makes the tags compete; several can be right at once.",
        modes=("model_software/wrong_loss",),
        line=r"CrossEntropy|cross_entropy|criterion|loss_fn|\bloss = ",
        told=(r"cross.?entropy|BCE|binary", r"multi.?label|several|multi.?hot|more than one|independent"),
    ),
    Bug(
        id="evaluation",
        what="Evaluation picks the single best tag by argmax instead of every tag above a threshold.",
        modes=("model_software/evaluation_error",),
        line=r"argmax|one_hot|pred\b",
        told=(r"argmax", r"threshold|several|multi.?label|more than one|single|sigmoid|> ?0"),
    ),
)


def script(variant: int) -> str:
    rng = drawn("task4", variant)
    x, y, out = pick(variant, ("x", "y", "logits"), ("inputs", "targets", "outputs"), ("features", "tags", "scores"))
    criterion, loss = pick(variant, ("criterion = nn.CrossEntropyLoss()\n", "criterion"), ("", "F.cross_entropy"),
                           ("loss_fn = nn.CrossEntropyLoss()\n", "loss_fn"))  # fmt: skip
    decide = Template(pick(variant, *_DECISIONS)).substitute(x=x, y=y, out=out)
    return _SCRIPT.substitute(
        seed=rng.integers(1000), tags=_tags(variant), x=x, y=y, out=out, decide=decide, batch=rng.choice([32, 64]), dim=_dim(variant),
        width=_WIDTH, criterion=criterion, loss=loss,
    )  # fmt: skip


_WIDTH = 64


def _dim(variant: int) -> int:
    return pick(variant, 20, 16, 24)


def _tags(variant: int) -> int:
    return pick(variant, 6, 8, 5, 7)


def _items(truth: tuple[Array, float], n: int, rng: Rng) -> dict[str, Array]:
    """Items and their tags: each has a direction of its own, and one direction raises the chance of all of them."""
    directions, offset = truth
    x = rng.normal(size=(n, directions.shape[1]))
    tags = x @ directions.T + 1.5 * x[:, :1] + offset + 0.3 * rng.normal(size=(n, len(directions))) > 0
    return {"x": x.astype(np.float32), "tags": tags.astype(np.int64)}


def trials(variant: int, rng: Rng) -> list[Trial]:
    """Few tags per item (about a third), and many (about two thirds)."""
    found = []
    for name, offset in (("few", -1.0), ("many", 1.0)):
        directions = rng.normal(size=(_tags(variant), _dim(variant)))
        directions[:, 0] = 0
        truth = (1.5 * directions / np.linalg.norm(directions, axis=1, keepdims=True), offset)
        files = {"train.npz": _items(truth, int(rng.integers(900, 1100)), rng), "val.npz": _items(truth, 400, rng)}
        found.append(Trial(name, files, truth))
    return found


def _logits(variant: int, left: Left, x: Array) -> "Tensor | None":
    import torch

    dim, tags = _dim(variant), _tags(variant)
    shapes = {"0.weight": (_WIDTH, dim), "0.bias": (_WIDTH,), "2.weight": (tags, _WIDTH), "2.bias": (tags,)}
    state = weights(loaded(left, "model.pt"), shapes) if left.finished else None
    if state is None or not is_finite(state):
        return None
    return (
        torch.relu(torch.from_numpy(x) @ state["0.weight"].T + state["0.bias"]) @ state["2.weight"].T + state["2.bias"]
    )


def _f1(logits: "Tensor", tags: Array) -> float:
    chosen, truth = logits.numpy() > 0, tags > 0
    return float(2 * (chosen & truth).sum() / max(1, chosen.sum() + truth.sum()))


def _measured(variant: int, trial: Trial, left: Left, rng: Rng) -> tuple[float, float, float]:
    """F1 on items drawn now, the logistic loss there, and how far the reported F1 is from the true one."""
    from torch import from_numpy
    from torch.nn.functional import binary_cross_entropy_with_logits

    items, val = _items(trial.truth, 2000, rng), trial.files["val.npz"]
    assert not isinstance(val, bytes)
    logits, on_val = _logits(variant, left, items["x"]), _logits(variant, left, val["x"])
    if logits is None or on_val is None:
        return 0.0, float("inf"), float("nan")
    loss = float(binary_cross_entropy_with_logits(logits, from_numpy(items["tags"]).float()))
    return _f1(logits, items["tags"]), loss, abs(reported(left, "metrics.json", "val_f1") - _f1(on_val, val["tags"]))


# Below what guessing every tag by its frequency reaches: ln 2 = 0.69 at even odds, 0.64 at one third.
_FITTED = 0.45
_SAME_F1 = 0.01  # rounding, and a threshold a hair beside 0.5


def judge(variant: int, runs: Runs, rng: Rng) -> Judged:
    f1, loss, apart = _measured(variant, *runs["few"], rng)
    f1_many, loss_many, apart_many = _measured(variant, *runs["many"], rng)
    fixed = {
        "loss": max(loss, loss_many) < _FITTED and min(f1, f1_many) > 0.6,
        "evaluation": f1 > 0 and max(apart, apart_many) <= _SAME_F1,
    }
    metrics = {
        "f1": f1,
        "f1_many": f1_many,
        "loss": loss,
        "loss_many": loss_many,
        "reported_apart": max(apart, apart_many),
    }
    return Judged(reward=_reward(fixed, f1, runs["few"][1]), fixed=fixed, metrics=metrics)


def _reward(fixed: dict[str, bool], f1: float, left: Left) -> float:
    if not left.finished or f1 == 0:
        return 0.05 * left.finished
    if fixed["loss"] and fixed["evaluation"] and f1 > 0.75:
        return within(0.85, 1.0, share(f1, 0.75, 0.83))
    if fixed["loss"]:
        return within(0.50, 0.75, share(f1, 0.6, 0.8))
    # Weights nobody trained reach an F1 too; what trains with the wrong loss ranks the tags at least.
    return within(0.10, 0.14, share(f1, 0.3, 0.7)) + 0.15 * fixed["evaluation"] * (f1 > 0.5)


TASK = Task(
    id="task4",
    name="Wrong Loss Function",
    difficulty="medium",
    bugs=BUGS,
    description=(
        "train.py learns which tags items have, any number of them each, from data/train.npz (x, tags) and data/val.npz, and "
        "writes the state dict of the model to model.pt and the micro-averaged F1 of its decisions on data/val.npz to "
        "metrics.json as val_f1. A tag counts as given where the sigmoid of its logit is above 0.5; the F1 on new items "
        "should pass 0.75. Hand in the mended train.py; keep the model and the files it reads and writes."
    ),
    writes=("model.pt", "metrics.json"),
    script=script,
    trials=trials,
    judge=judge,
)
