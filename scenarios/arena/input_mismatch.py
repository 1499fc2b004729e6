"""Task 6: images stored channels last, one-hot labels, a linear layer for another image size, unbatched validation.

The script ends at the first of the four, so each is judged in a run where the layers and the loss put up with what they
are given and note what they had to put up with (run_lenient.py). `view` after a permute is a fifth trap: it raises on
memory that is not contiguous, and the plain run has to get past it.
"""

# ruff: noqa: E501 - what a template is filled with reads best on one line

import json
from string import Template
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

from misrun.scenarios.arena.left import is_finite, loaded, reported, weights
from misrun.scenarios.arena.task import Array, Bug, Judged, Left, Rng, Runs, Task, Trial, drawn, pick, share, within

_NET = Template("""\
class $net(nn.Module):
    def __init__(self, n_classes=$classes):
        super().__init__()
        self.conv1 = nn.Conv2d($channels, $first, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d($first, $second, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear($second * $grid * $grid, n_classes)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = x.view(x.size(0), -1)
        return self.fc(x)
""")

_LOADER = Template("""\
import json

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed($seed)


$network

def load(split):
    data = np.load(f"data/{split}.npz")
    images = torch.from_numpy(data["images"]).float()
    labels = torch.from_numpy(data["labels"]).long()
    return images, labels


train_images, train_labels = load("train")
val_images, val_labels = load("val")
loader = DataLoader(TensorDataset(train_images, train_labels), batch_size=32, shuffle=True)

model = $net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)

for epoch in range($epochs):
    model.train()
    total = 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch + 1}: loss {total / len(loader):.4f}")

model.eval()
correct = 0
with torch.no_grad():
    for image, label in zip(val_images, val_labels):
        logits = model(image)
        correct += int(logits.argmax() == label.argmax())
val_acc = correct / len(val_images)
print(f"val_acc {val_acc:.4f}")

torch.save(model.state_dict(), "model.pt")
with open("metrics.json", "w") as f:
    json.dump({"val_acc": val_acc}, f)
""")

_DATASET = Template("""\
import json

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset):
    def __init__(self, path):
        with np.load(path) as archive:
            self.images = archive["images"]
            self.labels = archive["labels"]

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return torch.tensor(self.images[index], dtype=torch.float32), torch.tensor(self.labels[index])


$network

def fit(model, loader, epochs):
    opt = torch.optim.Adam(model.parameters(), lr=0.003)
    for epoch in range(epochs):
        model.train()
        losses = []
        for batch, target in loader:
            loss = F.cross_entropy(model(batch), target)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        print(f"epoch={epoch + 1} loss={sum(losses) / len(losses):.4f}")


def evaluate(model, dataset):
    model.eval()
    right = 0
    with torch.no_grad():
        for i in range(len(dataset)):
            picture, target = dataset[i]
            right += int(model(picture).argmax().item() == target.argmax().item())
    return right / len(dataset)


def main():
    torch.manual_seed($seed)
    model = $net()
    fit(model, DataLoader(Pictures("data/train.npz"), batch_size=32, shuffle=True), epochs=$epochs)
    val_acc = evaluate(model, Pictures("data/val.npz"))
    print(f"val_acc={val_acc:.4f}")
    torch.save(model.state_dict(), "model.pt")
    with open("metrics.json", "w") as f:
        json.dump({"val_acc": val_acc}, f)


if __name__ == "__main__":
    main()
""")
BUGS = (
    Bug(
        id="size",
        what="The linear layer is made for images of another size than the data's.",
        modes=("model_software/shape_mismatch",),
        line=r"self\.fc|nn\.Linear",
        told=(r"linear|\bfc\b|in_features|size", r"features|pixels|size|shape"),
    ),
    Bug(
        id="layout",
        what="The images are channels last, the convolution expects channels first.",
        modes=("model_software/axis_order", "model_software/shape_mismatch"),
        line=r"model\(|images = |self\.images|conv1|__getitem__|return torch\.tensor",
        told=(r"channel", r"last|first|permute|axis|axes|order|HWC|CHW"),
    ),
    Bug(
        id="labels",
        what="CrossEntropyLoss is given one-hot labels where it expects class indices.",
        modes=("model_software/wrong_loss", "model_software/shape_mismatch", "model_software/dtype_mismatch"),
        line=r"criterion|cross_entropy|labels|target",
        told=(r"one.?hot|class ind", r"cross.?entropy|loss|argmax|target|label"),
    ),
    Bug(
        id="batch",
        what="Validation gives the model single images without a batch dimension.",
        modes=("model_software/shape_mismatch", "data_pipeline/batch_collation"),
        line=r"model\(image\)|model\(picture\)|for image|dataset\[i\]",
        told=(r"batch", r"dimension|unsqueeze|single|axis|unbatched"),
    ),
)
_FIRST, _SECOND = 8, 16


def script(variant: int) -> str:
    rng = drawn("task6", variant)
    net = pick(variant, "SmallCNN", "ConvNet", "Net")
    names = {
        "net": net, "classes": _classes(variant), "channels": _channels(variant), "first": _FIRST, "second": _SECOND,
        "grid": _sizes(variant)[1] // 4, "seed": rng.integers(1000), "epochs": 8,
    }  # fmt: skip
    return pick(variant, _LOADER, _DATASET).substitute(names, network=_NET.substitute(names))


def _classes(variant: int) -> int:
    return pick(variant, 5, 4, 6)


def _channels(variant: int) -> int:
    return pick(variant, 3, 1, 3, 2)


def _sizes(variant: int) -> tuple[int, int]:
    """Side of the images, and the side that the network was made for."""
    return pick(variant, (32, 28), (24, 28), (28, 32), (20, 16), (36, 32))


def _patterns(variant: int, rng: Rng) -> Array:
    """Per class a coarse pattern (side, side, channels)."""
    side = _sizes(variant)[0]
    rough = rng.random(size=(_classes(variant), 4, 4, _channels(variant)))
    return rough.repeat(side // 4, axis=1).repeat(side // 4, axis=2)


def _images(patterns: Array, n: int, rng: Rng) -> dict[str, Array]:
    """Noisy images, channels last, and one-hot labels."""
    classes = rng.integers(0, len(patterns), n)
    images = patterns[classes] * rng.uniform(0.7, 1.3, size=(n, 1, 1, 1)) + 0.2 * rng.normal(
        size=(n, *patterns.shape[1:])
    )
    return {"images": images.astype(np.float32), "labels": np.eye(len(patterns), dtype=np.int64)[classes]}


def trials(variant: int, rng: Rng) -> list[Trial]:
    found = []
    for name in ("plain", "lenient"):
        patterns = _patterns(variant, rng)
        files = {
            "train.npz": _images(patterns, int(rng.integers(380, 440)), rng),
            "val.npz": _images(patterns, 60, rng),
        }
        found.append(Trial(name, files, patterns, runner="lenient" if name == "lenient" else "plain"))
    return found


def _accuracy(variant: int, left: Left, images: dict[str, Array]) -> float:
    """Share of the images that the weights tell, by a network for the images' own size or one that scales them."""
    saved = loaded(left, "model.pt") if left.finished else None
    return max(_told(variant, saved, images, side) for side in _sizes(variant))


# The batched network of the grader and the submission's may part on an image whose two best classes are level.
_SAME = 0.02


def _validates(variant: int, trial: Trial, left: Left) -> bool:
    """Whether the submission tells the true accuracy of its weights on the validation images."""
    val = trial.files["val.npz"]
    assert not isinstance(val, bytes)
    return abs(reported(left, "metrics.json", "val_acc") - _accuracy(variant, left, dict(val))) <= _SAME


def _told(variant: int, saved: object, given: dict[str, Array], side: int) -> float:
    import torch
    from torch.nn.functional import conv2d, interpolate, max_pool2d

    shapes = {
        "conv1.weight": (_FIRST, _channels(variant), 3, 3), "conv1.bias": (_FIRST,), "conv2.weight": (_SECOND, _FIRST, 3, 3),
        "conv2.bias": (_SECOND,), "fc.weight": (_classes(variant), _SECOND * (side // 4) ** 2), "fc.bias": (_classes(variant),),
    }  # fmt: skip
    state = weights(saved, shapes)
    if state is None or not is_finite(state):
        return 0.0
    x: Tensor = torch.from_numpy(given["images"]).permute(0, 3, 1, 2)
    x = x if x.shape[-1] == side else interpolate(x, size=(side, side), mode="bilinear", align_corners=False)
    for layer in ("conv1", "conv2"):
        x = max_pool2d(torch.relu(conv2d(x, state[f"{layer}.weight"], state[f"{layer}.bias"], padding=1)), 2)
    logits = x.flatten(1) @ state["fc.weight"].T + state["fc.bias"]
    return float((logits.argmax(1) == torch.from_numpy(given["labels"]).argmax(1)).float().mean())


def _put_up_with(left: Left) -> set[str]:
    """What the lenient run had to put up with; everything where it left no note."""
    try:
        return set(json.loads(left.files["lenient.json"]))
    except (KeyError, ValueError, TypeError):
        return {bug.id for bug in BUGS}


_LEARNED = 0.6  # a quarter or less is guessing
_BANDS = {0: (0.05, 0.12), 1: (0.20, 0.35), 2: (0.40, 0.55), 3: (0.65, 0.80), 4: (0.65, 0.80)}


def judge(variant: int, runs: Runs, rng: Rng) -> Judged:
    (trial, plain), (lenient_trial, lenient_left) = runs["plain"], runs["lenient"]
    accuracy = _accuracy(variant, plain, _images(trial.truth, 600, rng))
    lenient = _accuracy(variant, lenient_left, _images(lenient_trial.truth, 600, rng))
    # Validation that was taken out is not validation that was mended.
    needed = _put_up_with(lenient_left) | (set() if _validates(variant, lenient_trial, lenient_left) else {"batch"})
    trained = max(lenient, accuracy) >= _LEARNED
    fixed = {bug.id: trained and bug.id not in needed for bug in BUGS}
    count = sum(fixed.values())
    if not trained:
        reward = 0.05 * plain.finished
    elif count == len(BUGS) and accuracy > 0.90:
        reward = within(0.90, 1.0, share(accuracy, 0.90, 0.97))
    else:
        reward = within(*_BANDS[count], share(max(lenient, accuracy), _LEARNED, 1.0))
    return Judged(reward=reward, fixed=fixed, metrics={"accuracy": accuracy, "accuracy_lenient": lenient})


TASK = Task(
    id="task6",
    name="Input-Output Mismatch",
    difficulty="hard",
    bugs=BUGS,
    description=(
        "train.py trains a small convolutional network on data/train.npz and data/val.npz (images, labels) and writes its "
        "state dict to model.pt and the accuracy on data/val.npz to metrics.json as val_acc. It should run to its end, and "
        "tell new images with an accuracy above 0.90. Hand in the mended train.py; keep the names of the network's layers, the convolutions, and the files it reads and writes. Images "
        "may be scaled (bilinear) to another size."
    ),
    writes=("model.pt", "metrics.json", "lenient.json"),
    script=script,
    trials=trials,
    judge=judge,
)
