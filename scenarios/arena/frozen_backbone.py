"""Task 5: a frozen backbone whose parameters are handed to the optimizer all the same.

The checkpoint of a finished run tells by itself: a parameter in the optimizer's groups that never got a gradient has no
state there. Mended is either of the two: the backbone as it was given and out of the optimizer, or trained.
"""

# ruff: noqa: E501 - what a template is filled with reads best on one line

import io
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

from misrun.scenarios.arena.left import is_finite, loaded, weights
from misrun.scenarios.arena.task import Array, Bug, Judged, Left, Rng, Runs, Task, Trial, drawn, pick, share, within

_SCRIPT = Template("""\
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed($seed)


class $net(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Linear($dim, $width), nn.ReLU(), nn.Linear($width, $features), nn.ReLU()
        )
        self.head = nn.Linear($features, n_classes)

    def forward(self, x):
        return self.head(self.backbone(x))


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).float().mean().item()


data = np.load("data/train.npz")
x = torch.from_numpy(data["x"]).float()
y = torch.from_numpy(data["y"]).long()
n_val = len(x) // 5
loader = DataLoader(TensorDataset(x[n_val:], y[n_val:]), batch_size=$batch, shuffle=True)

$model = $net(n_classes=$classes)
$model.backbone.load_state_dict(torch.load("data/backbone.pt", weights_only=True))
$freeze
$optimizer = torch.optim.$kind($model.parameters(), lr=$lr$more)
criterion = nn.CrossEntropyLoss()

for epoch in range($epochs):
    $model.train()
    running = 0.0
    for xb, yb in loader:
        $optimizer.zero_grad()
        loss = criterion($model(xb), yb)
        loss.backward()
        $optimizer.step()
        running += loss.item()
    print(f"epoch {epoch + 1} loss {running / len(loader):.4f} val_acc {accuracy($model, x[:n_val], y[:n_val]):.4f}")

torch.save({"model": $model.state_dict(), "optimizer": $optimizer.state_dict()}, "checkpoint.pt")
""")
_FREEZES = (
    "for param in $model.backbone.parameters():\n    param.requires_grad = False\n",
    "$model.backbone.requires_grad_(False)\n",
    'for name, p in $model.named_parameters():\n    if name.startswith("backbone"):\n        p.requires_grad_(False)\n',
)
BUGS = (
    Bug(
        id="frozen_in_optimizer",
        what="The backbone is frozen, yet the optimizer is given its parameters with all the others.",
        modes=("model_software/frozen_parameters",),
        line=r"torch\.optim\.|requires_grad",
        told=(r"frozen|freez|requires_grad", r"optimi[sz]er|adam"),
    ),
)
_CLASSES = 3


def script(variant: int) -> str:
    rng = drawn("task5", variant)
    model, optimizer, net = pick(
        variant, ("model", "optimizer", "Classifier"), ("net", "opt", "TransferNet"), ("clf", "optimizer", "Model")
    )
    freeze = Template(pick(variant, *_FREEZES)).substitute(model=model)
    dim, width, features = _sizes(variant)
    return _SCRIPT.substitute(
        seed=rng.integers(1000), net=net, dim=dim, width=width, features=features, classes=_CLASSES, model=model, freeze=freeze,
        batch=rng.choice([32, 64]), optimizer=optimizer, kind=pick(variant, "Adam", "AdamW"), lr=pick(variant, 0.005, 0.01),
        more=pick(variant, "", ", weight_decay=0.01", ""), epochs=pick(variant, 25, 30),
    )  # fmt: skip


def _sizes(variant: int) -> tuple[int, int, int]:
    return pick(variant, (16, 96, 64), (12, 128, 48), (20, 80, 80))


def _backbone(variant: int, rng: Rng) -> dict[str, Array]:
    """A wide random network: its features tell the classes apart by a straight cut."""
    dim, width, features = _sizes(variant)
    return {
        "0.weight": rng.normal(size=(width, dim)) * np.sqrt(2 / dim),
        "0.bias": rng.normal(size=width) * 0.3,
        "2.weight": rng.normal(size=(features, width)) * np.sqrt(2 / width),
        "2.bias": rng.normal(size=features) * 0.1,
    }


def _saved(state: dict[str, Array]) -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.save({name: torch.from_numpy(value).float() for name, value in state.items()}, buffer)
    return buffer.getvalue()


def _samples(means: Array, n: int, rng: Rng) -> dict[str, Array]:
    y = rng.integers(0, len(means), n)
    return {"x": (means[y] + rng.normal(size=(n, means.shape[1]))).astype(np.float32), "y": y}


def trials(variant: int, rng: Rng) -> list[Trial]:
    means = rng.normal(size=(_CLASSES, _sizes(variant)[0]))
    means *= 3.0 / np.linalg.norm(means, axis=1, keepdims=True)
    backbone = _backbone(variant, rng)
    samples = _samples(means, int(rng.integers(500, 700)), rng)
    files: dict[str, dict[str, Array] | bytes] = {"train.npz": samples, "backbone.pt": _saved(backbone)}
    return [Trial("usual", files, (means, backbone))]


def _state(variant: int, saved: Any) -> "dict[str, Tensor] | None":
    dim, width, features = _sizes(variant)
    shapes = {
        "backbone.0.weight": (width, dim), "backbone.0.bias": (width,), "backbone.2.weight": (features, width),
        "backbone.2.bias": (features,), "head.weight": (_CLASSES, features), "head.bias": (_CLASSES,),
    }  # fmt: skip
    state = weights(saved.get("model"), shapes) if isinstance(saved, dict) else None
    return state if state is not None and is_finite(state) else None


def _accuracy(state: "dict[str, Tensor]", samples: dict[str, Array]) -> float:
    import torch

    x = torch.relu(torch.from_numpy(samples["x"]) @ state["backbone.0.weight"].T + state["backbone.0.bias"])
    x = torch.relu(x @ state["backbone.2.weight"].T + state["backbone.2.bias"])
    logits = x @ state["head.weight"].T + state["head.bias"]
    return float((logits.argmax(1) == torch.from_numpy(samples["y"])).float().mean())


def _idle(saved: Any) -> tuple[int, int]:
    """How many parameters the optimizer holds, and how many of them never got a gradient; (0, 0) for no optimizer."""
    try:
        held = [p for group in saved["optimizer"]["param_groups"] for p in group["params"]]
        moved = saved["optimizer"]["state"]
        return len(held), sum(p not in moved or not moved[p] for p in held)
    except (KeyError, TypeError):
        return 0, 0


def _moved(state: "dict[str, Tensor]", given: dict[str, Array]) -> list[bool]:
    """Per tensor of the backbone, whether training changed it."""
    import torch

    return [
        not torch.equal(state[f"backbone.{name}"], torch.from_numpy(value).float()) for name, value in given.items()
    ]


_LEARNED = 0.6  # a third is guessing


def judge(variant: int, runs: Runs, rng: Rng) -> Judged:
    trial, left = runs["usual"]
    means, backbone = trial.truth
    saved = loaded(left, "checkpoint.pt") if left.finished else None
    state = _state(variant, saved)
    accuracy = _accuracy(state, _samples(means, 2000, rng)) if state else 0.0
    held, idle = _idle(saved)
    moved = _moved(state, backbone) if state else []
    whole = (held == 2 and not any(moved)) or (held == 6 and all(moved))
    fixed = accuracy >= _LEARNED and idle == 0 and whole
    partly = accuracy >= _LEARNED and not fixed and held > 0 and (idle < 4 or any(moved))
    metrics = {"accuracy": accuracy, "held": float(held), "idle": float(idle)}
    return Judged(reward=_reward(fixed, partly, accuracy, left), fixed={"frozen_in_optimizer": fixed}, metrics=metrics)


def _reward(fixed: bool, partly: bool, accuracy: float, left: Left) -> float:
    if accuracy < _LEARNED:
        return 0.05 * left.finished
    if fixed:
        return within(0.85, 1.0, share(accuracy, 0.75, 0.9))
    return within(0.40, 0.70, share(accuracy, 0.6, 0.9)) if partly else within(0.10, 0.25, share(accuracy, 0.6, 0.9))


TASK = Task(
    id="task5",
    name="Frozen Backbone",
    difficulty="medium",
    bugs=BUGS,
    description=(
        "train.py puts a new head on the network in data/backbone.pt and trains on data/train.npz (x, y). It writes the state "
        "dicts of model and optimizer to checkpoint.pt as {model, optimizer}. The backbone may stay as it is or be trained, "
        "but the optimizer should hold exactly what is trained, and the accuracy on new samples should pass 0.85. Hand in the "
        "mended train.py; keep the network's layers and the files it reads and writes."
    ),
    writes=("checkpoint.pt",),
    script=script,
    trials=trials,
    judge=judge,
)
