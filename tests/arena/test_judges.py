"""What the judges make of weights that were left, without running anything."""

import io
import json
import pickle

import numpy as np
import pytest
import torch

from misrun.scenarios.arena.catalogue import TASKS
from misrun.scenarios.arena.left import MOST_BYTES, loaded, reported, weights
from misrun.scenarios.arena.task import Judged, Left, Trial


def saved(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def left(files: dict[str, bytes]) -> Left:
    return Left(0, "", "", files)


def judged(task: str, make: object) -> Judged:
    """The judgement of runs that left what `make` gives for each trial."""
    rng = np.random.default_rng(1)
    runs = {t.name: (t, left(make(t))) for t in TASKS[task].trials(0, rng)}  # type: ignore[operator]
    return TASKS[task].judge(0, runs, rng)


def plane(trial: Trial, size: float = 3.0) -> dict[str, bytes]:
    """Weights along the true direction."""
    w = torch.tensor(np.stack([-trial.truth, trial.truth]) * size / 2, dtype=torch.float32)
    return {"model.pt": saved({"weight": w, "bias": torch.zeros(2)})}


def test_task1_true_weights_get_the_full_reward() -> None:
    assert judged("task1", plane).reward >= 0.9


def test_task1_right_but_huge_weights_tell_the_learning_rate() -> None:
    found = judged("task1", lambda trial: plane(trial, 500.0))
    assert found.fixed == {"step_order": True, "learning_rate": False}
    assert 0.40 <= found.reward <= 0.70


def test_task1_weights_within_the_initial_range_were_not_trained() -> None:
    found = judged("task1", lambda trial: plane(trial, 0.2))
    assert found.fixed["step_order"] is False
    assert found.reward < 0.15


def test_nan_weights_get_nothing() -> None:
    nan = {"model.pt": saved({"weight": torch.full((2, 10), float("nan")), "bias": torch.zeros(2)})}
    assert judged("task1", lambda _: nan).reward < 0.15


def multi_label(trial: Trial) -> torch.Tensor:
    """Weights of a network (20, 64, 6) that computes the true logits: each unit and its mirror image."""
    directions, offset = trial.truth
    true = torch.tensor(directions + 1.5 * np.eye(1, directions.shape[1]), dtype=torch.float32)
    first = torch.zeros(64, 20)
    first[:6], first[6:12] = true, -true
    second = torch.zeros(6, 64)
    second[:, :6], second[:, 6:12] = torch.eye(6), -torch.eye(6)
    return {
        "0.weight": first,
        "0.bias": torch.zeros(64),
        "2.weight": 4 * second,
        "2.bias": torch.full((6,), 4 * offset),
    }  # type: ignore[return-value]


def f1_of(trial: Trial, state: dict[str, torch.Tensor]) -> float:
    val = trial.files["val.npz"]
    hidden = torch.relu(torch.tensor(val["x"]) @ state["0.weight"].T + state["0.bias"])  # type: ignore[index]
    chosen, truth = (hidden @ state["2.weight"].T + state["2.bias"]).numpy() > 0, val["tags"] > 0  # type: ignore[index]
    return float(2 * (chosen & truth).sum() / (chosen.sum() + truth.sum()))


@pytest.mark.parametrize(("honest", "low", "high"), [(True, 0.85, 1.0), (False, 0.50, 0.75)])
def test_task4_the_reported_f1_has_to_be_that_of_the_weights(honest: bool, low: float, high: float) -> None:
    def make(trial: Trial) -> dict[str, bytes]:
        state = multi_label(trial)
        told = f1_of(trial, state) if honest else 0.5  # type: ignore[arg-type]
        return {"model.pt": saved(state), "metrics.json": json.dumps({"val_f1": told}).encode()}

    found = judged("task4", make)
    assert found.fixed == {"loss": True, "evaluation": honest}
    assert low <= found.reward <= high


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('ran')",))


@pytest.mark.parametrize(
    "data", [pickle.dumps(Evil()), saved({"weight": Evil(), "bias": 1}), b"", b"\x00" * 100, b"PK\x03\x04"]
)
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_nothing_is_unpickled_and_no_bytes_break_the_judge(data: bytes) -> None:
    assert loaded(left({"model.pt": data}), "model.pt") is None
    assert judged("task1", lambda _: {"model.pt": data}).reward < 0.15


def test_only_the_very_shapes_count() -> None:
    shapes = {"w": (2, 2)}
    assert weights({"w": torch.zeros(2, 2)}, shapes) is not None
    for other in ({"w": torch.zeros(2, 3)}, {"w": [1]}, {}, [], {"w": torch.zeros(2, 2), "x": torch.zeros(1)},
                  {"w": torch.zeros(2, 2).to_sparse()}):  # fmt: skip
        assert weights(other, shapes) is None


def test_reported_numbers_may_be_anything() -> None:
    for text in (b"[]", b"{", b'{"val_acc": "x"}', b'{"val_acc": null}', b"[" * 100_000, b"\xff"):
        assert np.isnan(reported(left({"metrics.json": text}), "metrics.json", "val_acc"))
    assert reported(left({"metrics.json": b'{"val_acc": 0.5}'}), "metrics.json", "val_acc") == 0.5


def test_the_largest_model_of_the_tasks_fits_the_bound() -> None:
    assert MOST_BYTES > 3 * 4 * 300_000
