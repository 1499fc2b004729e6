"""The run with the recorder is the run without it, and nothing of the recorder's own reaches it."""

import copy
import logging
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

import misrun
from misrun.tools.recorder import recorder as recorder_module

Rows = list[dict[str, Any]]


def small() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
    return model, torch.optim.AdamW(model.parameters(), lr=0.01)


def train(model: torch.nn.Module, optimizer: torch.optim.Optimizer, steps: int = 5) -> None:
    for _ in range(steps):
        loss = model(torch.randn(6, 4)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def run(path: Path | None) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    torch.manual_seed(3)
    model, optimizer = small()
    with misrun.record(model, optimizer, path) if path else nullcontext():
        train(model, optimizer)
    return model.state_dict(), torch.get_rng_state()


@pytest.mark.usefixtures("always")
def test_weights_and_random_numbers_are_the_same_to_the_last_bit(tmp_path: Path) -> None:
    weights, state = run(None)
    recorded, recorded_state = run(tmp_path / "record.jsonl")
    assert all(torch.equal(weights[name], recorded[name]) for name in weights)
    assert torch.equal(state, recorded_state)
    assert (tmp_path / "record.jsonl").read_text().count('"grad_norm"') == 5


def places() -> tuple[object, ...]:
    """What the recorder replaces."""
    from torch.optim import optimizer

    hooks = optimizer._global_optimizer_pre_hooks, optimizer._global_optimizer_post_hooks
    scaler = torch.amp.GradScaler
    own = "__call__" in vars(torch.nn.Sequential)
    return (torch.autograd.backward, scaler.scale, scaler.step, own, *(len(hook) for hook in hooks))


def test_everything_is_put_back_also_after_an_exception_and_nesting(tmp_path: Path) -> None:
    before = places()
    one, two = small(), small()
    with pytest.raises(ZeroDivisionError), misrun.record(*one, tmp_path / "a.jsonl"):
        with misrun.record(*two, tmp_path / "b.jsonl"):
            train(*two, steps=1)
            assert places() != before
        train(*one, steps=1)
        _ = 1 / 0
    assert places() == before


def test_what_somebody_else_wrapped_meanwhile_stays_wrapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = torch.autograd.backward
    monkeypatch.setattr(torch.autograd, "backward", original)  # put back at the end, whatever happens here
    calls = []
    with misrun.record(*small(), tmp_path / "a.jsonl"):
        inner = torch.autograd.backward

        def theirs(*args: Any, **kwargs: Any) -> None:
            calls.append(1)
            inner(*args, **kwargs)

        torch.autograd.backward = theirs
    assert torch.autograd.backward is theirs
    train(*small(), steps=2)
    assert len(calls) == 2


def test_a_recorded_model_can_be_copied_and_saved(tmp_path: Path) -> None:
    model, optimizer = small()
    with misrun.record(model, optimizer, tmp_path / "a.jsonl"):
        train(model, optimizer, steps=1)
        copied = copy.deepcopy(model)
        content = pickle.dumps((model, optimizer))
    assert torch.equal(copied[0].weight, model[0].weight)
    assert b"misrun" not in content


def test_an_optimizer_that_is_dropped_is_not_kept_alive(tmp_path: Path) -> None:
    import gc
    import weakref

    model, optimizer = small()
    with misrun.record(model, optimizer, tmp_path / "a.jsonl"):
        train(model, optimizer, steps=1)
        known = weakref.ref(optimizer)
        del optimizer
        gc.collect()
        assert known() is None


@pytest.mark.usefixtures("always")
def test_an_error_of_the_recorder_ends_the_recording_and_not_the_training(
    tmp_path: Path, rows: Callable[[Path], Rows], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> dict[str, float]:
        raise RuntimeError("no memory file\nmore")

    monkeypatch.setattr(recorder_module, "memory", broken)
    before = places()
    with caplog.at_level(logging.WARNING, "misrun"), misrun.record(*(pair := small()), tmp_path / "a.jsonl"):
        train(*pair)
        assert places() == before
    last = rows(tmp_path / "a.jsonl")[-1]
    assert (last["event"], last["reason"], last["message"]) == ("recorder_error", "RuntimeError", "no memory file")
    assert "stopped recording" in caplog.text


def test_a_path_that_cannot_be_written_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING, "misrun"), misrun.record(*(pair := small()), tmp_path / "file" / "a.jsonl"):
        train(*pair, steps=1)
    assert "stopped recording" in caplog.text


def test_a_record_is_never_overwritten(tmp_path: Path, rows: Callable[[Path], Rows]) -> None:
    for expected in ("record.jsonl", "record.2.jsonl", "record.3.jsonl"):
        with misrun.record(*(pair := small()), tmp_path / "record.jsonl") as recorder:
            train(*pair, steps=1)
        assert recorder.path.name == expected
        assert rows(recorder.path)[-1]["reason"] == "finished"


def test_each_rank_has_its_own_file(
    tmp_path: Path, rows: Callable[[Path], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "4")
    with misrun.record(*small(), tmp_path / "record.jsonl"):
        pass
    assert rows(tmp_path / "record.rank3.jsonl")[0]["rank"] == 3


def test_importing_misrun_does_not_import_torch() -> None:
    code = "import sys, misrun; assert 'torch' not in sys.modules; assert not hasattr(misrun, 'recorded')"
    subprocess.run([sys.executable, "-c", code], check=True)
