"""Edits that carry a cure out: real programs in several styles, look-alikes in which nothing must be changed."""

import ast
from pathlib import Path

import pytest

from misrun.tools.code.apply_patch import apply_patch
from misrun.tools.code.cure_edits.registry import CURE_EDITS, written_for
from misrun.tools.code.cure_edits.scene import Scene
from misrun.tools.code.interpreter import follow
from misrun.tools.code.patches import unified_diff
from misrun.tools.code.project_model import Project
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.readers.run_record import ConfigValue, Ending, Event, Frame, RunRecord, Series
from misrun.tools.record import Span

HERE = Span(file="train.log", first=1, last=1)


def scene(root: Path, files: dict[str, str], event: Event | None = None, config: tuple[ConfigValue, ...] = ()) -> Scene:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    run = RunRecord(root=str(root), events=(event,) if event else (), config=config)
    return Scene(follow(Project.read(root)), Facts(run, ()))


def error(message: str, *frames: tuple[str, int, str], name: str = "traceback") -> Event:
    made = tuple(Frame(file=f"/home/user/x/{file}", line=line, function=function) for file, line, function in frames)
    return Event(name=name, kind="error", message=message, span=HERE, exception="RuntimeError", frames=made)


def changed(at: Scene, cure: str) -> dict[str, str]:
    """The files after the cure's edit, by name; the patch has to apply and every file to parse."""
    written = written_for(cure, at)
    assert written is not None
    root = Path(at.facts.run.root)
    patch = unified_diff(root, written.edits)
    assert patch
    apply_patch(patch, root)
    found = {file.path: (root / file.path).read_text() for file in at.trace.project.files}
    for text in found.values():
        ast.parse(text)
    return found


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


TARGETS = """\
import torch
import torch.nn.functional as F
from torch import nn

model = nn.Linear(4, 3)
opt = torch.optim.SGD(model.parameters(), lr=0.1)


def split(rows):
    return rows[:, :4], rows[:, 4]


def step_loss(rows):
    x, y = split(rows)
    return F.cross_entropy(model(x), y.reshape(-1))


for step in range(5):
    loss = step_loss(torch.rand(8, 5))
    opt.zero_grad()
    loss.backward()
    opt.step()
"""


def test_class_targets_are_cast_where_the_loss_takes_them(tmp_path: Path) -> None:
    at = line_of(TARGETS, "F.cross_entropy(")
    event = error("expected scalar type Long but found Float", ("train.py", at, "step_loss"))
    after = changed(scene(tmp_path, {"train.py": TARGETS}, event), "cast_inputs")["train.py"]
    assert "F.cross_entropy(model(x), y.reshape(-1).long())" in after
    pytest.importorskip("torch")
    exec(compile(after, "train.py", "exec"), {})  # the program that raised runs to its end


def test_float_targets_of_another_loss(tmp_path: Path) -> None:
    text = TARGETS.replace("F.cross_entropy(model(x), y.reshape(-1))", "F.mse_loss(model(x), y)")
    at = line_of(text, "F.mse_loss(")
    event = error("Found dtype Double but expected Float", ("train.py", at, "step_loss"))
    assert (
        "F.mse_loss(model(x), y.float())"
        in changed(scene(tmp_path, {"train.py": text}, event), "cast_inputs")["train.py"]
    )


@pytest.mark.parametrize(
    "message",
    [
        "expected scalar type Half but found Float",
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "Target 5 is out of bounds.",
    ],
)
def test_nothing_is_cast_where_the_message_is_about_something_else(tmp_path: Path, message: str) -> None:
    event = error(message, ("train.py", line_of(TARGETS, "F.cross_entropy("), "step_loss"))
    assert written_for("cast_inputs", scene(tmp_path, {"train.py": TARGETS}, event)) is None


TRAINER = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader


class Trainer:
    def __init__(self, model, train, val, args):
        self.model = model
        self.opt = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.train_loader = DataLoader(train, batch_size=32, shuffle=True, num_workers=args.workers, persistent_workers=True)
        self.val_loader = DataLoader(val, batch_size=32, num_workers=4)

    def train_epoch(self):
        self.model.train()
        for x, y in self.train_loader:
            loss = F.cross_entropy(self.model(x), y)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()

    def validate(self):
        self.model.eval()
        outputs, labels = [], []
        for x, y in self.val_loader:
            out = self.model(x)
            outputs.append(out)
            labels.append(y)
        return torch.cat(outputs), torch.cat(labels)

    def fit(self):
        for epoch in range(3):
            self.train_epoch()
            self.validate()
"""
MAIN = """\
import argparse

import torch.nn as nn

from trainer import Trainer

p = argparse.ArgumentParser()
p.add_argument("--workers", type=int, default=8)
args = p.parse_args()
Trainer(nn.Linear(4, 3), None, None, args).fit()
"""


def test_evaluation_of_a_trainer_class_runs_without_autograd(tmp_path: Path) -> None:
    event = error(
        "CUDA out of memory.", ("trainer.py", line_of(TRAINER, "out = self.model(x)"), "validate"), name="cuda_oom"
    )
    after = changed(scene(tmp_path, {"trainer.py": TRAINER, "main.py": MAIN}, event), "evaluate_without_graph")
    text = after["trainer.py"]
    decorated = "    @torch.no_grad()\n    def validate(self):" in text
    assert decorated or "        with torch.no_grad():\n            for x, y in self.val_loader:" in text
    assert text.count("no_grad") == 1


def test_what_an_evaluation_collects_goes_to_the_host(tmp_path: Path) -> None:
    event = error(
        "CUDA out of memory.", ("trainer.py", line_of(TRAINER, "out = self.model(x)"), "validate"), name="cuda_oom"
    )
    after = changed(scene(tmp_path, {"trainer.py": TRAINER, "main.py": MAIN}, event), "outputs_on_host")
    assert "outputs.append(out.cpu())" in after["trainer.py"]
    assert "labels.append(y.cpu())" in after["trainer.py"]


@pytest.mark.parametrize("old, new", [
    ("    def validate(self):", "    @torch.inference_mode()\n    def validate(self):"),
    ("            outputs.append(out)", "            F.mse_loss(out, x).backward()\n            outputs.append(out)"),
])  # fmt: skip
def test_evaluation_that_builds_no_graph_or_needs_it_stays(tmp_path: Path, old: str, new: str) -> None:
    text = TRAINER.replace(old, new)
    event = error(
        "CUDA out of memory.", ("trainer.py", line_of(text, "out = self.model(x)"), "validate"), name="cuda_oom"
    )
    assert written_for("evaluate_without_graph", scene(tmp_path, {"trainer.py": text, "main.py": MAIN}, event)) is None


def test_running_out_in_training_is_no_reason_to_change_the_evaluation(tmp_path: Path) -> None:
    event = error(
        "CUDA out of memory.", ("trainer.py", line_of(TRAINER, "loss.backward()"), "train_epoch"), name="cuda_oom"
    )
    at = scene(tmp_path, {"trainer.py": TRAINER, "main.py": MAIN}, event)
    assert written_for("evaluate_without_graph", at) is None
    assert written_for("outputs_on_host", at) is None


def test_shared_memory_that_ran_out_is_not_used(tmp_path: Path) -> None:
    """The option's default becomes 0, and what DataLoader refuses without workers is dropped."""
    event = error("unable to allocate shared memory(shm)", name="shm_exhausted")
    after = changed(scene(tmp_path, {"trainer.py": TRAINER, "main.py": MAIN}, event), "fewer_workers")
    assert 'p.add_argument("--workers", type=int, default=0)' in after["main.py"]
    assert "num_workers=args.workers)" in after["trainer.py"]


def test_a_setting_of_the_run_goes_before_the_default_of_the_code(tmp_path: Path) -> None:
    config = (ConfigValue(name="workers", value=8, span=Span(file="run.sh", first=1, last=1), origin="command"),)
    event = error("oom_kill", name="oom_killed")
    written = written_for("fewer_workers", scene(tmp_path, {"trainer.py": TRAINER, "main.py": MAIN}, event, config))
    assert written is not None and not written.edits
    assert [(c.name, c.old, c.new) for c in written.changes] == [("workers", 8, 1)]


def test_loaders_without_workers_stay(tmp_path: Path) -> None:
    text = "from torch.utils.data import DataLoader\nloader = DataLoader(data, batch_size=4, num_workers=0)\nother = DataLoader(data)\n"
    for name in ("shm_exhausted", "oom_killed"):
        assert written_for("fewer_workers", scene(tmp_path, {"train.py": text}, error("x", name=name))) is None


PLAIN = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.Sigmoid(), nn.Linear(8, 1), nn.Sigmoid())
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(20):
    loss = nn.functional.binary_cross_entropy(model(torch.rand(8, 4)), torch.ones(8, 1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    torch.save(model.state_dict(), f"{out}/step_{step}.pt")
torch.save(model.state_dict(), "final.pt")
"""


def test_gradients_are_clipped_between_backward_and_step(tmp_path: Path) -> None:
    after = changed(scene(tmp_path, {"train.py": PLAIN}), "clip_gradients")["train.py"].splitlines()
    at = next(i for i, text in enumerate(after) if "clip_grad_norm_" in text)
    assert after[at] == "    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)"
    assert (after[at - 1].strip(), after[at + 1].strip()) == ("loss.backward()", "optimizer.step()")


def test_a_scaler_unscales_before_the_clip(tmp_path: Path) -> None:
    text = PLAIN.replace(
        "    loss.backward()\n    optimizer.step()",
        "    scaler.scale(loss).backward()\n    scaler.step(optimizer)\n    scaler.update()",
    )
    text = text.replace("for step in", "scaler = torch.cuda.amp.GradScaler()\nfor step in")
    after = changed(scene(tmp_path, {"train.py": text}), "clip_gradients")["train.py"]
    assert (
        "    scaler.unscale_(optimizer)\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)\n    scaler.step("
        in after
    )


def test_a_loop_that_clips_is_left_alone(tmp_path: Path) -> None:
    text = PLAIN.replace(
        "    optimizer.step()", "    nn.utils.clip_grad_norm_(model.parameters(), 5.0)\n    optimizer.step()"
    )
    assert written_for("clip_gradients", scene(tmp_path, {"train.py": text})) is None


def test_lightning_clips_by_its_trainer(tmp_path: Path) -> None:
    text = "import lightning as L\n\ntrainer = L.Trainer(max_epochs=3)\ntrainer.fit(module, loader)\n"
    assert (
        "L.Trainer(max_epochs=3, gradient_clip_val=1)"
        in changed(scene(tmp_path, {"train.py": text}), "clip_gradients")["train.py"]
    )


def test_hidden_sigmoids_become_gelu_and_the_output_stays(tmp_path: Path) -> None:
    after = changed(scene(tmp_path, {"train.py": PLAIN}), "unsaturated_activation")["train.py"]
    assert "nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 1), nn.Sigmoid())" in after


def test_an_option_chooses_the_activation_where_the_program_knows_it(tmp_path: Path) -> None:
    text = 'ACTS = {"sigmoid": 1, "gelu": 2}\n'
    config = (
        ConfigValue(name="net.activation", value="sigmoid", span=Span(file="c.yaml", first=1, last=1), origin="yaml"),
    )
    written = written_for("unsaturated_activation", scene(tmp_path, {"net.py": text}, None, config))
    assert written is not None
    assert [(c.name, c.new) for c in written.changes] == [("net.activation", "gelu")]
    without = scene(tmp_path, {"net.py": 'ACTS = {"sigmoid": 1, "relu": 2}\n'}, None, config)
    assert written_for("unsaturated_activation", without) is None


def test_only_the_newest_checkpoints_stay(tmp_path: Path) -> None:
    """Carried out: the program writes 20 files and keeps 2; others of the folder are not touched."""
    text = PLAIN.replace("for step in", "import sys\nout = sys.argv[1]\nfor step in")
    after = changed(scene(tmp_path, {"train.py": text}), "free_disk")["train.py"]
    pytest.importorskip("torch")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "notes.pt").write_text("mine")
    program = after.replace("sys.argv[1]", repr(str(folder))).replace('"final.pt"', repr(str(tmp_path / "final.pt")))
    exec(compile(program, "train.py", "exec"), {})
    assert (folder / "notes.pt").exists()
    assert len(list(folder.glob("step_*.pt"))) == 2


@pytest.mark.parametrize("path", ['"last.pt"', 'f"{out}/best.pt"', "path", 'f"{step}"'])
def test_a_file_that_is_overwritten_or_not_known_is_not_pruned(tmp_path: Path, path: str) -> None:
    text = PLAIN.replace('f"{out}/step_{step}.pt"', path)
    assert written_for("free_disk", scene(tmp_path, {"train.py": text})) is None


HEAD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=8, hidden=16):
        super().__init__()
        self.body = nn.Conv2d(1, width, 3, stride=2, padding=1)
        self.head = nn.Linear(width * 8 * 8, hidden)
        self.out = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.out(self.head(self.body(x).flatten(1)))


net = Net()
print(net(torch.rand(4, 1, 8, 8)).shape)
"""


def test_the_layer_takes_the_features_that_it_is_given(tmp_path: Path) -> None:
    event = error("mat1 and mat2 shapes cannot be multiplied (4x128 and 512x16)")
    after = changed(scene(tmp_path, {"net.py": HEAD}, event), "match_shapes")["net.py"]
    assert "nn.Linear(128, hidden)" in after
    pytest.importorskip("torch")
    exec(compile(after, "net.py", "exec"), {"print": lambda *_: None, "__name__": "net"})


def test_no_layer_is_changed_where_two_would_fit(tmp_path: Path) -> None:
    event = error("mat1 and mat2 shapes cannot be multiplied (4x128 and 512x16)")
    text = HEAD.replace("self.out =", "self.side = nn.Linear(width * 8 * 8, hidden)\n        self.out =")
    assert written_for("match_shapes", scene(tmp_path, {"net.py": text}, event)) is None


ATTENTION = """\
import torch


def attend(q, k, v):
    weights = torch.exp(q @ k.transpose(-1, -2))
    return (weights @ v) / weights.sum(-1, keepdim=True)


print(attend(100 * torch.ones(1, 2, 4), torch.ones(1, 2, 4), torch.ones(1, 2, 4)).isfinite().all())
"""


def test_exponentials_over_their_sum_become_a_softmax(tmp_path: Path) -> None:
    after = changed(scene(tmp_path, {"attend.py": ATTENTION}), "fused_softmax")["attend.py"]
    assert "weights = torch.softmax(q @ k.transpose(-1, -2), dim=-1)" in after
    pytest.importorskip("torch")
    said: list[object] = []
    exec(compile(after, "attend.py", "exec"), {"print": said.append})
    assert bool(said[0]), "the exponential of 400 overflows, the softmax does not"


def test_an_exponential_that_is_not_normalised_stays(tmp_path: Path) -> None:
    text = "import torch\n\n\ndef kl(mu, logvar):\n    var = torch.exp(logvar)\n    return (var + mu**2 - logvar) / mu.sum(-1)\n\nkl(torch.ones(3), torch.ones(3))\n"
    assert written_for("fused_softmax", scene(tmp_path, {"vae.py": text})) is None


CACHE = """\
class Calls:
    def __init__(self):
        self.rendered = {}

    def picture(self, i, offset):
        key = (i, offset)
        if key not in self.rendered:
            self.rendered[key] = i + offset
        return self.rendered[key]

    def __getitem__(self, i):
        return self.picture(i, 7 * i)


calls = Calls()
total = sum(calls[i] for i in range(2000))
"""


def test_a_store_of_the_data_set_is_bounded_and_gives_the_same(tmp_path: Path) -> None:
    after = changed(scene(tmp_path, {"calls.py": CACHE}), "bound_caches")["calls.py"]
    before_names: dict[str, object] = {}
    names: dict[str, object] = {}
    exec(compile(CACHE, "calls.py", "exec"), before_names)
    exec(compile(after, "calls.py", "exec"), names)
    assert names["total"] == before_names["total"]
    assert len(names["calls"].rendered) == 512  # type: ignore[attr-defined]


@pytest.mark.parametrize("old, new", [
    ("        if key not in self.rendered:\n            self.rendered[key]", "        if True:\n            self.rendered[key]"),
    ("def __getitem__(self, i):", "def render(self, i):"),
    ("        return self.rendered[key]", "        return self.rendered.pop(key)"),
])  # fmt: skip
def test_a_store_that_is_needed_or_emptied_stays(tmp_path: Path, old: str, new: str) -> None:
    """An index that is built once, a table that is not asked for every sample, one that is emptied."""
    assert old in CACHE
    assert written_for("bound_caches", scene(tmp_path, {"calls.py": CACHE.replace(old, new)})) is None


LOADER = """\
import torch
from torch.utils.data import DataLoader, Dataset


class Ragged(Dataset):
    def __len__(self):
        return 7

    def __getitem__(self, i):
        return torch.ones(i + 1), i


def main():
    loader = DataLoader(Ragged(), batch_size=3, shuffle=True)
    return [tuple(x.shape) + tuple(y.shape) for x, y in loader]
"""


def test_samples_of_unequal_length_are_padded(tmp_path: Path) -> None:
    event = error("stack expects each tensor to be equal size, but got [3] at entry 0 and [5] at entry 1")
    after = changed(scene(tmp_path, {"data.py": LOADER + "\n\nmain()\n"}, event), "padding_collate")["data.py"]
    pytest.importorskip("torch")
    names: dict[str, object] = {"__name__": "data"}
    exec(compile(after, "data.py", "exec"), names)
    shapes = names["main"]()  # type: ignore[operator]
    assert [shape[0] for shape in shapes] == [3, 3, 1]


def test_samples_that_are_dictionaries_are_not_padded_as_tuples(tmp_path: Path) -> None:
    event = error("stack expects each tensor to be equal size, but got [3] at entry 0 and [5] at entry 1")
    text = LOADER.replace("return torch.ones(i + 1), i", 'return {"x": torch.ones(i + 1)}')
    assert written_for("padding_collate", scene(tmp_path, {"data.py": text + "\n\nmain()\n"}, event)) is None


def test_the_last_batch_is_dropped_only_for_batch_norm(tmp_path: Path) -> None:
    text = LOADER + "\n\nmain()\n"
    event = error("Expected more than 1 value per channel when training, got input size torch.Size([1, 8])")
    assert (
        "shuffle=True, drop_last=True)"
        in changed(scene(tmp_path, {"data.py": text}, event), "drop_last_batch")["data.py"]
    )
    assert written_for("drop_last_batch", scene(tmp_path, {"data.py": LOADER}, error("something else"))) is None


# A rate can be lowered or raised in any program.
@pytest.mark.parametrize("cure", sorted(CURE_EDITS.keys() - {"lower_learning_rate", "raise_learning_rate"}))
def test_no_edit_is_made_in_a_program_that_gives_no_reason_for_it(tmp_path: Path, cure: str) -> None:
    text = (
        "import torch\nfrom torch import nn\n\nmodel = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))\n"
        "opt = torch.optim.Adam(model.parameters())\nfor step in range(9):\n    loss = model(torch.rand(2, 4)).mean()\n"
        "    opt.zero_grad()\n    loss.backward()\n    nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    opt.step()\n"
    )
    assert written_for(cure, scene(tmp_path, {"train.py": text})) is None


def test_the_input_of_a_layer_where_the_message_is_about_the_layer(tmp_path: Path) -> None:
    event = error(
        "mat1 and mat2 must have the same dtype, but got Double and Float",
        ("train.py", line_of(TARGETS, "F.cross_entropy("), "step_loss"),
    )
    after = changed(scene(tmp_path, {"train.py": TARGETS}, event), "cast_inputs")["train.py"]
    assert "F.cross_entropy(model(x.float()), y.reshape(-1))" in after


def test_names_that_numpy_dropped_become_python_s_own(tmp_path: Path) -> None:
    text = "import numpy as np\n\n\ndef load():\n    return np.zeros(3, dtype=np.float), np.float32(1)\n\nload()\n"
    event = error("module 'numpy' has no attribute 'float'.", ("data.py", 5, "load"))
    assert (
        "np.zeros(3, dtype=float), np.float32(1)"
        in changed(scene(tmp_path, {"data.py": text}, event), "present_name")["data.py"]
    )


def test_a_renamed_argument_of_a_trainer(tmp_path: Path) -> None:
    text = 'from transformers import TrainingArguments\n\nargs = TrainingArguments("out", evaluation_strategy="epoch", seed=1)\n'
    event = error(
        "TrainingArguments.__init__() got an unexpected keyword argument 'evaluation_strategy'",
        ("run.py", 3, "<module>"),
    )
    after = changed(scene(tmp_path, {"run.py": text}, event), "present_name")["run.py"]
    assert "TrainingArguments(\"out\", eval_strategy='epoch', seed=1)" in after
    other = error("f() got an unexpected keyword argument 'colour'", ("run.py", 3, "<module>"))
    assert written_for("present_name", scene(tmp_path, {"run.py": text}, other)) is None


def test_tensors_of_a_forward_pass_are_made_where_its_input_is(tmp_path: Path) -> None:
    text = "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        at = torch.arange(x.shape[1])\n        mask = torch.ones(3, device=x.device)\n        return x + at + mask\n"
    event = error(
        "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
        ("net.py", 8, "forward"),
    )
    after = changed(scene(tmp_path, {"net.py": text}, event), "one_device")["net.py"]
    assert "torch.arange(x.shape[1], device=x.device)" in after
    assert after.count("device=x.device") == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("lr=1e-3, betas=(0.5, 0.5), weight_decay=0.1", "lr=1e-3, weight_decay=0.1"),
        ("lr=1e-3, eps=1.0", "lr=1e-3"),
        ("lr=1e-3, betas=(0.0, 0.5), eps=0.1", "lr=1e-3"),
    ],
)
def test_unusual_betas_and_eps_are_left_to_the_library(tmp_path: Path, given: str, expected: str) -> None:
    text = f"import torch\nmodel = torch.nn.Linear(1, 1)\nopt = torch.optim.Adam(model.parameters(), {given})\n"
    after = changed(scene(tmp_path, {"train.py": text}), "default_optimizer")["train.py"]
    assert f"torch.optim.Adam(model.parameters(), {expected})" in after


@pytest.mark.parametrize("given", ["lr=1e-3", "lr=1e-3, betas=(0.9, 0.95), eps=1e-6", "lr=1e-3, betas=(args.b1, 0.99)"])
def test_usual_settings_of_an_optimizer_stay(tmp_path: Path, given: str) -> None:
    text = f"import torch\nmodel = torch.nn.Linear(1, 1)\nopt = torch.optim.Adam(model.parameters(), {given})\n"
    assert written_for("default_optimizer", scene(tmp_path, {"train.py": text})) is None


def test_text_that_does_not_decode_is_read_as_utf_8(tmp_path: Path) -> None:
    text = "def read(path):\n    with open(path) as stream:\n        return stream.read()\n\n\nwith open('out', 'w') as f:\n    f.write(read('in'))\n"
    event = error("'ascii' codec can't decode byte 0xc3", ("data.py", 3, "read")).model_copy(
        update={"exception": "UnicodeDecodeError"}
    )
    after = changed(scene(tmp_path, {"data.py": text}, event), "state_encoding")["data.py"]
    assert 'open(path, encoding="utf-8", errors="replace")' in after
    assert "open('out', 'w')" in after


def test_an_id_in_no_list_gets_a_row_of_its_own(tmp_path: Path) -> None:
    model = "from torch import nn\n\n\nclass LM(nn.Module):\n    def __init__(self, size):\n        super().__init__()\n        self.table = nn.Embedding(size, 8)\n        self.out = nn.Linear(8, size)\n"
    train = "from model import LM\n\nwords = ['a', 'b']\nmodel = LM(len(words))\n"
    files = {"model.py": model, "train.py": train}
    after = changed(scene(tmp_path, files, error("index out of range in self")), "resize_embedding")
    assert "LM(len(words) + 1)" in after["train.py"]
    assert written_for("resize_embedding", scene(tmp_path, files, error("list index out of range"))) is None


def test_a_label_just_outside_gets_an_output(tmp_path: Path) -> None:
    text = "from torch import nn\n\nmodel = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 5))\n"
    after = changed(scene(tmp_path, {"train.py": text}, error("Target 5 is out of bounds.")), "more_outputs")[
        "train.py"
    ]
    assert "nn.Linear(8, 6)" in after and "nn.Linear(4, 8)" in after
    assert (
        written_for("more_outputs", scene(tmp_path, {"train.py": text}, error("Target 255 is out of bounds."))) is None
    )


def test_arrays_are_mapped_and_archives_are_not(tmp_path: Path) -> None:
    text = 'import numpy as np\n\nx = np.load("x.npy")\ny = np.load("y.npz")\n'
    after = changed(scene(tmp_path, {"data.py": text}), "map_dataset")["data.py"]
    assert 'np.load("x.npy", mmap_mode="r")' in after and 'np.load("y.npz")' in after


def test_segments_are_expandable_before_torch_is_imported(tmp_path: Path) -> None:
    files = {
        "model.py": "import torch\n",
        "train.py": '"""Train."""\nimport sys\n\nimport torch\n\nif __name__ == "__main__":\n    print(torch)\n',
    }
    ended = error("CUDA out of memory.", name="cuda_oom")
    after = changed(scene(tmp_path, files, ended), "expandable_segments")["train.py"]
    assert after.index("os.environ.setdefault") < after.index("import torch\n")


def test_workers_are_added_where_there_are_none(tmp_path: Path) -> None:
    text = "from torch.utils.data import DataLoader\nloader = DataLoader(data, batch_size=4, shuffle=True)\n"
    after = changed(scene(tmp_path, {"train.py": text}), "more_workers")["train.py"]
    assert "DataLoader(data, batch_size=4, shuffle=True, num_workers=4)" in after
    many = text.replace("shuffle=True", "num_workers=2")
    assert written_for("more_workers", scene(tmp_path, {"train.py": many})) is None
    local = text.replace("shuffle=True", "collate_fn=lambda rows: rows")
    assert written_for("more_workers", scene(tmp_path, {"train.py": local})) is None


def test_the_limit_of_the_norm_comes_from_the_norms_of_the_run(tmp_path: Path) -> None:
    norms = (0.2, 0.3, 0.25, 0.3, 4.0, 90.0, float("inf"), float("nan"))
    series = Series(
        name="grad_norm", raw_name="norm", phase="train", file="train.log", step_kind="step",
        steps=tuple(float(i) for i in range(8)), values=norms, lines=tuple(range(1, 9)),
    )  # fmt: skip
    at = scene(tmp_path, {"train.py": PLAIN})
    run = at.facts.run.model_copy(update={"series": (series,)})
    written = written_for("clip_gradients", Scene(at.trace, Facts(run, ())))
    assert written is not None
    assert written.said == "Clip the gradient norm at 0.55 between backward and step."


def test_the_rate_of_the_only_optimizer_whatever_it_is_called(tmp_path: Path) -> None:
    text = "import torch\nETA = 0.3\nmodel = torch.nn.Linear(1, 1)\nopt = torch.optim.SGD(model.parameters(), lr=ETA)\n"
    assert "ETA = 0.1\n" in changed(scene(tmp_path, {"train.py": text}), "lower_learning_rate")["train.py"]
    two = text + "other = torch.optim.Adam(model.parameters(), lr=1e-3)\n"
    assert written_for("lower_learning_rate", scene(tmp_path, {"train.py": two})) is None


def test_half_the_batch_of_the_training_loader(tmp_path: Path) -> None:
    text = "from torch.utils.data import DataLoader\nloader = DataLoader(data, 48, shuffle=True)\nval = DataLoader(data, 100)\n"
    after = changed(scene(tmp_path, {"train.py": text}), "halve_batch")["train.py"]
    assert "DataLoader(data, 24, shuffle=True)" in after and "DataLoader(data, 100)" in after


INIT = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 2)
        for m in (self.a, self.b):
            nn.init.normal_(m.weight, std=DRAW)
            nn.init.zeros_(m.bias)

net = Net()
"""


def test_a_spread_of_the_program_s_own_is_left_to_the_library(tmp_path: Path) -> None:
    after = changed(scene(tmp_path, {"net.py": INIT.replace("DRAW", "2.0")}), "standard_initialization")["net.py"]
    assert "normal_" not in after and "nn.init.zeros_(m.bias)" in after


@pytest.mark.parametrize(
    "text", [INIT.replace("DRAW", "0.02"), INIT.replace("normal_(m.weight, std=DRAW)", "kaiming_normal_(m.weight)")]
)
def test_usual_ways_of_drawing_stay(tmp_path: Path, text: str) -> None:
    assert written_for("standard_initialization", scene(tmp_path, {"net.py": text})) is None


def with_plan(at: Scene, steps: float) -> Scene:
    run = at.facts.run.model_copy(update={"ending": Ending(status="finished", planned_steps=steps)})
    return Scene(at.trace, Facts(run, ()))


def test_the_rate_rises_over_the_first_tenth_of_the_steps(tmp_path: Path) -> None:
    after = changed(with_plan(scene(tmp_path, {"train.py": PLAIN}), 200), "add_warmup")["train.py"]
    made = "warm_up = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 20))\nfor step in"
    assert made in after
    assert "    optimizer.step()\n    warm_up.step()\n" in after


def test_a_loop_with_a_schedule_or_called_per_epoch_gets_no_warm_up(tmp_path: Path) -> None:
    scheduled = PLAIN.replace("    optimizer.step()", "    optimizer.step()\n    scheduler.step()")
    scheduled = scheduled.replace(
        "for step in", "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5)\nfor step in"
    )
    assert written_for("add_warmup", with_plan(scene(tmp_path, {"train.py": scheduled}), 200)) is None
    (tmp_path / "train.py").unlink()
    files = {"trainer.py": TRAINER, "main.py": MAIN}
    assert written_for("add_warmup", with_plan(scene(tmp_path, files), 200)) is None
