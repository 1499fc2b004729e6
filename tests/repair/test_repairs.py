"""Repairs of scripts nobody planned them for, and the look-alikes they leave alone."""

import ast
from pathlib import Path
from typing import Any

import pytest

from misrun.tools.code.inspect import inspect
from misrun.tools.repair.registry import next_repair
from misrun.tools.repair.repair import Clues, Repair, failure

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nfrom torch.utils.data import DataLoader, TensorDataset, random_split\n"


def repair_of(code: str, folder: Path, error: str = "", **probed: Any) -> Repair | None:
    code = HEAD + code
    (folder / "train.py").write_text(code)
    return next_repair(Clues(code, inspect(folder).findings, failure(error), probed))


def raised(message: str, *lines: int, forward: int = 0) -> str:
    """A traceback through these lines of the script (counted below HEAD), the last within forward where given."""
    frames = [f'  File "/home/u/train.py", line {line + 4}, in <module>\n    ...\n' for line in lines]
    frames += [f'  File "/home/u/train.py", line {forward + 4}, in forward\n    ...\n'] if forward else []
    lib = '  File "/usr/lib/torch/nn/modules/module.py", line 99, in _call_impl\n    ...\n'
    return "Traceback (most recent call last):\n" + "".join(frames) + lib + f"RuntimeError: {message}\n"


def test_failure_reads_the_last_error_and_the_scripts_own_frames() -> None:
    text = (
        "noise\n"
        + raised("first", 1)
        + "\nDuring handling of the above exception, another exception occurred:\n\n"
        + raised("second", 2, forward=3)
    )
    found = failure(text)
    assert found is not None
    assert (found.kind, found.message) == ("RuntimeError", "second")
    assert [(f.line, f.function) for f in found.frames] == [(6, "<module>"), (7, "forward")]
    assert failure("epoch 1 loss 0.3\n") is None


LOOP = """
for x, y in loader:
    opt.zero_grad()
    loss = crit(net(x), y)
    loss.backward()
    opt.step()
"""


def test_a_rate_kept_in_a_name_is_set_there(tmp_path: Path) -> None:
    code = (
        "STEP_SIZE = 25\nnet = nn.Linear(4, 2)\ncrit = nn.CrossEntropyLoss()\nopt = torch.optim.Adam(net.parameters(), lr=STEP_SIZE)\nloader = []"
        + LOOP
    )
    found = repair_of(code, tmp_path)
    assert found is not None
    assert found.mode == "optimization/learning_rate_too_high"
    assert "STEP_SIZE = 0.01\n" in found.code
    assert repair_of(code.replace("25", "0.003"), tmp_path) is None


def test_bare_logs_are_bounded_and_bounded_ones_left(tmp_path: Path) -> None:
    code = (
        "def loss_of(logits, t):\n    q = torch.sigmoid(logits)\n    return -(t * torch.log(q.clamp(min=1e-6)) + (1 - t) * torch.log(1 - q)).mean()\n"
        "net = nn.Linear(4, 1)\nopt = torch.optim.Adam(net.parameters())\nfor x, t in []:\n    opt.zero_grad()\n"
        "    loss = loss_of(net(x), t)\n    loss.backward()\n    opt.step()\n"
    )
    found = repair_of(code, tmp_path)
    assert found is not None
    assert "torch.log(q.clamp(min=1e-6))" in found.code
    assert "torch.log((1 - q).clamp(min=1e-7))" in found.code
    assert repair_of(code.replace("torch.log(1 - q)", "torch.log((1 - q).clamp(min=1e-6))"), tmp_path) is None


def test_the_optimizer_gets_what_is_trained(tmp_path: Path) -> None:
    code = "net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))\nfor p in net[0].parameters():\n    p.requires_grad = False\nopt = torch.optim.SGD(net.parameters(), lr=0.1)\n"
    found = repair_of(code, tmp_path, optimizer_frozen_count=20)
    assert found is not None
    assert "SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)" in found.code
    assert (
        repair_of(code.replace("net.parameters(), lr", "net[1].parameters(), lr"), tmp_path, optimizer_frozen_count=0)
        is None
    )


SPLIT = """
def wobble(a):
    return a + 0.1 * torch.randn_like(a)
pics, kinds = torch.randn(90, 8), torch.randint(0, 3, (90,))
pics = torch.cat([pics] + [wobble(pics) for _ in range(3)])
kinds = kinds.repeat(4)
"""


def test_originals_are_held_out_before_they_are_multiplied(tmp_path: Path) -> None:
    found = repair_of(
        SPLIT + "everything = TensorDataset(pics, kinds)\ntr, va = random_split(everything, [300, 60])\n", tmp_path
    )
    assert found is not None
    assert found.mode == "data_pipeline/leakage"
    names: dict[str, Any] = {}
    exec(found.code, names)
    assert (len(names["tr"]), len(names["va"])) == (72 * 4, 18)
    originals = {tuple(row.tolist()) for row in names["tr"].tensors[0]}
    assert not originals & {tuple(row.tolist()) for row in names["va"].tensors[0]}


def test_a_split_into_four_parts_is_rewritten_too(tmp_path: Path) -> None:
    code = (
        "from sklearn.model_selection import train_test_split\n"
        + SPLIT
        + "a, b, c, d = train_test_split(pics, kinds, test_size=0.2)\n"
    )
    found = repair_of(code, tmp_path)
    assert found is not None
    assert "a, b, c, d = pics, held_pics, kinds, held_kinds\n" in found.code


MULTI = {
    "loss_calls": {
        "cross_entropy": {
            "output_shape": [8, 5],
            "target_shape": [8, 5],
            "target_is_binary": True,
            "target_rows_sum_to": [0.0, 4.0],
        }
    }
}
ONE_HOT = {"loss_calls": {"cross_entropy": {**MULTI["loss_calls"]["cross_entropy"], "target_rows_sum_to": [1.0, 1.0]}}}
DECISIONS = {
    "one_hot": ("    pred = F.one_hot(out.argmax(1), 5).float()\n", "    pred = (out > 0).float()\n"),
    "softmax": ("    top = torch.softmax(out, dim=1).argmax(1)\n    pred = F.one_hot(top, 5)\n", "    top = torch.softmax(out, dim=1).argmax(1)\n    pred = (out > 0).float()\n"),
    "scatter": ("    pred = torch.zeros_like(out).scatter_(1, out.argmax(1, keepdim=True), 1.0)\n", "    pred = (out > 0).float()\n"),
    "filled": ("    pred = torch.zeros_like(y)\n    pred[torch.arange(len(y)), out.argmax(1)] = 1\n", "    pred = (out > 0).float()\n    pass\n"),
}  # fmt: skip


@pytest.mark.parametrize("style", DECISIONS)
def test_every_label_above_the_threshold_counts(style: str, tmp_path: Path) -> None:
    before, after = DECISIONS[style]
    code = f"def decide(net, x, y):\n    out = net(x)\n{before}    return pred\n"
    found = repair_of(code, tmp_path, **MULTI)
    assert found is not None
    assert found.code == HEAD + code.replace(before, after)
    assert repair_of(code, tmp_path, **ONE_HOT) is None


def test_several_labels_get_a_loss_each(tmp_path: Path) -> None:
    code = "net = nn.Linear(4, 5)\ncrit = nn.CrossEntropyLoss()\n"
    found = repair_of(code, tmp_path, **MULTI)
    assert found is not None
    assert found.code == HEAD + code.replace("CrossEntropyLoss", "BCEWithLogitsLoss")
    functional = repair_of("def step(a, b):\n    return F.cross_entropy(a, b)\n", tmp_path, **MULTI)
    assert functional is not None
    assert "F.binary_cross_entropy_with_logits(a, b)" in functional.code
    assert repair_of(code, tmp_path, **ONE_HOT) is None


IMAGES = """class Eye(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
        self.last = nn.Linear(100, 2)
    def forward(self, pic):
        out = self.c(pic).relu()
        return self.last(out.view(len(out), -1))
net = Eye()
net.train()
for a, b in batches:
    out = net(a)
    F.cross_entropy(out, b).backward()
net.eval()
for i in range(4):
    print(net(held[i]))
"""
CHANNELS = "Given groups=1, weight of size [4, 3, 3, 3], expected input[16, 12, 12, 3] to have 3 channels, but got 12 channels instead"


def test_channels_are_put_first_where_the_model_takes_its_input(tmp_path: Path) -> None:
    found = repair_of(IMAGES, tmp_path, raised(CHANNELS, 12, forward=7))
    assert found is not None
    assert (found.mode, found.line) == ("model_software/axis_order", 16)
    assert "    def forward(self, pic):\n        pic = pic.permute(0, 3, 1, 2).contiguous()\n" in found.code


def test_real_channel_mismatch_is_not_taken_for_an_order(tmp_path: Path) -> None:
    gray = CHANNELS.replace("16, 12, 12, 3", "16, 1, 12, 12").replace("got 12", "got 1")
    assert repair_of(IMAGES, tmp_path, raised(gray, 12, forward=7)) is None


PRODUCT = "mat1 and mat2 shapes cannot be multiplied (16x400 and 100x2)"


def test_a_linear_layer_is_made_as_wide_as_what_arrives(tmp_path: Path) -> None:
    found = repair_of(IMAGES, tmp_path, raised(PRODUCT, 12, forward=8))
    assert found is not None
    assert "self.last = nn.Linear(400, 2)" in found.code


def test_a_single_sample_after_training_gets_its_batch(tmp_path: Path) -> None:
    found = repair_of(IMAGES, tmp_path, raised(PRODUCT, 16, forward=8), losses=[0.7, 0.6])
    assert found is not None
    assert "print(net(held[i].unsqueeze(0)))" in found.code


@pytest.mark.parametrize(
    "message",
    [
        "0D or 1D target tensor expected, multi-target not supported",
        "Expected floating point type for target with class probabilities, got Long",
    ],
)
def test_one_hot_targets_become_indices(message: str, tmp_path: Path) -> None:
    found = repair_of(IMAGES, tmp_path, raised(message, 13))
    assert found is not None
    assert "F.cross_entropy(out, b.argmax(dim=1)).backward()" in found.code


def test_a_view_that_cannot_be_had_becomes_a_copy(tmp_path: Path) -> None:
    found = repair_of(
        IMAGES, tmp_path, raised("view size is not compatible with input tensor's size and stride", 12, forward=8)
    )
    assert found is not None
    assert "out.reshape(len(out), -1)" in found.code


def test_an_unknown_error_is_left_alone(tmp_path: Path) -> None:
    assert repair_of(IMAGES, tmp_path, raised("something else", 12, forward=7)) is None


def test_a_finding_with_a_patch_is_applied(tmp_path: Path) -> None:
    code = (
        "net = nn.Linear(4, 2)\ncrit = nn.CrossEntropyLoss()\nopt = torch.optim.Adam(net.parameters())\nloader = DataLoader(data)\n"
        + LOOP.replace("    loss.backward()\n    opt.step()\n", "    opt.step()\n    loss.backward()\n")
    )
    found = repair_of(code, tmp_path)
    assert found is not None
    assert found.mode == "model_software/step_order"
    assert found.code.index("loss.backward()") < found.code.index("opt.step()")
    ast.parse(found.code)


def test_a_healthy_script_is_left_as_it_is(tmp_path: Path) -> None:
    code = (
        "net = nn.Linear(4, 2)\ncrit = nn.CrossEntropyLoss()\nopt = torch.optim.Adam(net.parameters())\nloader = DataLoader(data, shuffle=True)\n"
        + LOOP
    )
    assert repair_of(code, tmp_path, losses=[0.7, 0.6], optimizer_frozen_count=0, **ONE_HOT) is None
