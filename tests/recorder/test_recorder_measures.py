"""The numbers that are written, against those computed by hand."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import misrun
from misrun.tools.recorder import losses, taps
from misrun.tools.recorder import recorder as recorder_module

Rows = list[dict[str, Any]]
Read = Callable[[Path], Rows]
pytestmark = pytest.mark.usefixtures("always")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


def steps(lines: Rows) -> Rows:
    return [line for line in lines if "step" in line and "event" not in line]


def events(lines: Rows, name: str) -> Rows:
    return [line for line in lines if line.get("event") == name]


def linear(value: float = 0.5) -> torch.nn.Linear:
    """w = (value, value), without bias: the loss `(w x)` for x = (3, 4) has the gradient (3, 4)."""
    model = torch.nn.Linear(2, 1, bias=False)
    torch.nn.init.constant_(model.weight, value)
    return model


X = torch.tensor([[3.0, 4.0]])


def test_loss_gradient_update_and_rate_of_a_step(path: Path, rows: Read) -> None:
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with misrun.record(model, optimizer, path):
        model(X).sum().backward()
        optimizer.step()
    header, *lines = rows(path)
    (step,) = steps(lines)
    assert step["step"] == 1
    assert step["loss"] == 3.5
    assert step["grad_norm"] == pytest.approx(5.0)
    assert step["weight_norm"] == pytest.approx(math.sqrt(0.5))
    assert step["update_ratio"] == pytest.approx(0.5 / math.sqrt(0.5))
    assert step["lr"] == 0.1
    assert step["host_rss_mib"] > 10
    assert (header["settings"]["model"], header["settings"]["n_parameters"]) == ("Linear", 2)
    assert header["optimizers"][0]["class"] == "SGD"


def test_the_gradient_is_the_clipped_one(path: Path, rows: Read) -> None:
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with misrun.record(model, optimizer, path):
        model(X).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert steps(rows(path))[0]["grad_norm"] == pytest.approx(1.0, abs=1e-5)


def test_losses_of_accumulated_batches_are_added_as_their_gradients_are(path: Path, rows: Read) -> None:
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with misrun.record(model, optimizer, path):
        for _ in range(2):
            optimizer.zero_grad()
            for _ in range(4):
                (model(X).sum() / 4).backward()
            optimizer.step()
    assert [step["loss"] for step in steps(rows(path))] == [3.5, 3.5]


def test_a_loss_that_is_told_is_taken_and_averaged(path: Path, rows: Read) -> None:
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with misrun.record(model, optimizer, path) as recorder:
        for told in (1.0, torch.tensor(3.0)):
            recorder.loss(told)
            model(X).sum().backward()
        optimizer.step()
        recorder.metrics({"val_loss": 7.0})
        optimizer.step()
    lines = steps(rows(path))
    assert lines[0]["loss"] == 2.0
    assert {"step": 1, "val_loss": 7.0} in lines
    assert "loss" not in lines[-1]  # nothing was told for the second step


def test_a_closure_that_is_evaluated_many_times(path: Path, rows: Read) -> None:
    model = linear()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=5)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (model(X) - 1.0).square().sum()
        loss.backward()
        return loss

    with misrun.record(model, optimizer, path):
        for _ in range(2):
            optimizer.step(closure)
    first, second = steps(rows(path))
    assert first["loss"] == pytest.approx(2.5**2)
    assert second["loss"] < first["loss"]
    assert first["grad_norm"] > 0


def test_sparse_missing_frozen_shared_complex_and_half_gradients(path: Path, rows: Read) -> None:
    class Odd(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Embedding(10, 1, sparse=True)
            self.again = self.table
            self.wave = torch.nn.Parameter(torch.tensor([3 + 4j]))
            self.small = torch.nn.Parameter(torch.full((4,), 1.0, dtype=torch.float16))
            self.unused = torch.nn.Parameter(torch.ones(2))
            self.frozen = torch.nn.Parameter(torch.ones(3), requires_grad=False)
            self.forgotten = torch.nn.Parameter(torch.ones(5))

    model = Odd()
    stale = torch.nn.Parameter(torch.ones(1))
    own = [model.table.weight, model.wave, model.small, model.unused, model.frozen, stale]
    optimizer = torch.optim.SGD(own, lr=0.0)
    with misrun.record(model, optimizer, path, per_layer=True):
        # Row 1 twice: its gradient is 2. |3 + 4j| has gradient norm 1. Half precision: 4 gradients of 40,000, whose
        # norm of 80,000 is no number in float16.
        (model.table(torch.tensor([1, 1])).sum() + model.wave.abs().sum()).backward()
        model.small.grad = torch.full((4,), 40_000.0, dtype=torch.float16)
        optimizer.step()
    lines = rows(path)
    (step,) = steps(lines)
    assert step["grad_norm/table"] == pytest.approx(2.0)
    assert step["grad_norm/wave"] == pytest.approx(1.0)
    assert step["grad_norm/small"] == pytest.approx(80_000.0)
    assert step["no_gradient_count"] == 2
    assert events(lines, "no_gradient")[0]["names"] == ["unused", "tensor of shape (1,)"]
    (found,) = events(lines, "membership")
    assert found["no_optimizer"] == {"count": 1, "elements": 5, "names": ["forgotten"]}
    assert (found["frozen"]["names"], found["stale"]["count"]) == (["frozen"], 1)
    assert "repeated" not in found


def test_a_gradient_that_is_not_finite_is_named(path: Path, rows: Read) -> None:
    model = torch.nn.Sequential(linear(), torch.nn.Linear(1, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with misrun.record(model, optimizer, path):
        model(torch.tensor([[math.inf, 1.0]])).sum().backward()
        optimizer.step()
    lines = rows(path)
    (step,) = steps(lines)
    assert (step["loss"] in ("Infinity", "-Infinity", "NaN"), step["nonfinite_gradient_count"]) == (True, 2)
    assert events(lines, "nonfinite_gradient")[0]["names"] == ["0.weight", "1.weight"]
    assert step["nonfinite_weight_count"] == 2


@pytest.mark.parametrize("fused", [False, True])
def test_steps_that_the_loss_scaler_skips(path: Path, rows: Read, fused: bool) -> None:
    model = linear()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with misrun.record(model, optimizer, path):
        for factor in (1.0, math.inf, 1.0):
            optimizer.zero_grad()
            scaler.scale(model(factor * X).sum()).backward()
            scaler.step(optimizer)
            scaler.update()
    lines = steps(rows(path))
    assert [line["loss"] for line in lines] == [3.5, "Infinity", 3.5]
    assert [line["skipped_steps"] for line in lines] == [0.0, 1.0, 1.0]
    assert lines[0]["grad_norm"] == pytest.approx(5.0)
    assert lines[-1]["loss_scale"] == 512.0


def test_two_optimizers_that_take_turns_each_have_their_own_loss(path: Path, rows: Read) -> None:
    model = torch.nn.ModuleList([linear(1.0), linear(2.0)])
    optimizers = [torch.optim.SGD(part.parameters(), lr=0.0) for part in model]
    with misrun.record(model, optimizers, path):
        for _ in range(2):
            for part, optimizer in zip(model, optimizers, strict=True):
                part(X).sum().backward()
                optimizer.step()
    lines = steps(rows(path))
    assert [line["loss"] for line in lines if "loss" in line] == [7.0, 7.0]
    assert [line["optimizer1/loss"] for line in lines if "optimizer1/loss" in line] == [14.0, 14.0]


def test_two_optimizers_that_share_a_loss_both_have_it(path: Path, rows: Read) -> None:
    model = torch.nn.ModuleList([linear(1.0), linear(2.0)])
    optimizers = [torch.optim.SGD(part.parameters(), lr=0.0) for part in model]
    with misrun.record(model, optimizers, path):
        (model[0](X) + model[1](X)).sum().backward()
        for optimizer in optimizers:
            optimizer.step()
    assert [line.get("loss", line.get("optimizer1/loss")) for line in steps(rows(path))] == [21.0, 21.0]


def test_a_new_optimizer_on_the_same_parameters_goes_on_counting(path: Path, rows: Read) -> None:
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with misrun.record(model, optimizer, path, first_step=100):
        for kind in (torch.optim.SGD, torch.optim.Adam):
            optimizer = kind(model.parameters(), lr=0.0)
            model(X).sum().backward()
            optimizer.step()
    lines = rows(path)
    assert [line["step"] for line in steps(lines)] == [101, 102]
    assert [line["class"] for line in events(lines, "optimizer")] == ["SGD", "Adam"]


def test_a_module_left_in_evaluation_mode_is_named(path: Path, rows: Read) -> None:
    model = torch.nn.Sequential(linear(), torch.nn.BatchNorm1d(1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with misrun.record(model, optimizer, path):
        for is_left in (False, True, True):
            model[1].train(not is_left)
            model(torch.cat([X, 2 * X])).sum().backward()
            optimizer.step()
    found = events(rows(path), "modes")
    assert [(line["step"], line["names"]) for line in found] == [(1, []), (2, ["1"])]


def test_batches_and_tokens_are_counted_in_training_only(path: Path, rows: Read) -> None:
    model = torch.nn.Sequential(torch.nn.Embedding(5, 2), torch.nn.Linear(2, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    tokens = torch.zeros(4, 8, dtype=torch.long)
    with misrun.record(model, optimizer, path):
        model(tokens).sum().backward()
        with torch.no_grad():
            model.eval()(tokens)
        model.train()
        optimizer.step()
    (step,) = steps(rows(path))
    assert step["samples_per_second"] / step["steps_per_second"] == pytest.approx(4)
    assert step["tokens_per_second"] / step["steps_per_second"] == pytest.approx(32)


def test_the_update_ratio_of_a_large_parameter_is_estimated_from_a_sample(path: Path, rows: Read) -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(1000, 300, bias=False)
    before = model.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with misrun.record(model, optimizer, path):
        model(torch.randn(16, 1000)).square().mean().backward()
        optimizer.step()
    exact = ((model.weight.detach() - before).norm() / before.norm()).item()
    # 4,109 entries: about 1.1 % standard error in each of both norms.
    assert steps(rows(path))[0]["update_ratio"] == pytest.approx(exact, rel=0.06)


def test_compiled_and_data_parallel_models_have_their_own_names(path: Path, rows: Read) -> None:
    inner = torch.nn.Sequential(linear())
    model = torch.compile(torch.nn.DataParallel(inner), backend="eager")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with misrun.record(model, optimizer, path):
        model(X).sum().backward()
        optimizer.step()
    header, *lines = rows(path)
    assert (header["settings"]["model"], header["settings"]["compiled"]) == ("Sequential", True)
    assert steps(lines)[0]["grad_norm/0"] == pytest.approx(5.0)


def test_what_is_on_a_device_is_read_one_step_later(path: Path, rows: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of CUDA with tensors of the CPU: numbers stay tensors, and lines wait for the next step."""
    kept = lambda tensor: tensor.detach().reshape(()).to(torch.float32, copy=True)  # noqa: E731
    for module in (losses, recorder_module):
        monkeypatch.setattr(module, "copied", kept)
    monkeypatch.setattr(recorder_module, "memory", lambda device: {"host_rss_mib": 1.0})
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with misrun.record(model, optimizer, path) as recorder:
        monkeypatch.setattr(recorder, "_device", torch.device("meta"))
        monkeypatch.setattr(torch.Tensor, "to", _to_anywhere(torch.Tensor.to))
        for done in range(3):
            model(X).sum().backward()
            optimizer.step()
            assert len(steps(rows(path))) == done
            optimizer.zero_grad()
    lines = steps(rows(path))
    assert [(line["loss"], line["grad_norm"]) for line in lines] == [(3.5, pytest.approx(5.0))] * 3


def _to_anywhere(to: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """`Tensor.to` that leaves tensors where they are when asked for the stand-in of a device."""
    return lambda tensor, target, *rest, **more: (
        tensor if getattr(target, "type", "") == "meta" else to(tensor, target, *rest, **more)
    )


def test_backward_inside_backward_is_no_loss(path: Path, rows: Read) -> None:
    """Checkpointing calls backward with gradients while backward runs."""
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with misrun.record(model, optimizer, path):
        inputs = X.clone().requires_grad_()
        torch.utils.checkpoint.checkpoint(model, inputs, use_reentrant=True).sum().backward()
        optimizer.step()
    assert steps(rows(path))[0]["loss"] == 3.5
    assert not taps._observers
