"""Two runs side by side."""

from misrun.tools.readers.run_record import CodeFile
from misrun.tools.record import Span
from misrun.tools.signals.compare import compare


def described(build, loss: list[float], rate: object, torch: str, sha: str):
    run = build({"loss": loss}, {"lr": rate, "seed": 1})
    run.environment("torch", torch, Span(file="env.txt", first=1, last=1))
    run.code(CodeFile(path="train.py", lines=10, sha256=sha))
    return run.build()


def test_only_what_differs_is_told(build) -> None:
    good = [2.0 - 0.01 * i for i in range(50)]
    bad = good[:30] + [3.0] * 20
    found = compare(described(build, bad, 1e-2, "2.6", "b"), described(build, good, 1e-4, "2.5", "a"))
    assert [(d.kind, d.name) for d in found] == [
        ("config", "lr"),
        ("environment", "torch"),
        ("code", "train.py"),
        ("curve", "train/loss"),
    ]
    assert found[-1].step == 31
    assert found[-1].there == "1.7 at step 31"


def test_same_number_in_another_spelling_is_no_difference(build) -> None:
    loss = [1.0, 0.9, 0.8]
    assert compare(described(build, loss, "1e-4", "2.6", "a"), described(build, loss, 0.0001, "2.6", "a")) == ()


def test_missing_on_one_side_is_a_difference(build) -> None:
    here, there = build({}, {"lr": 1.0}).build(), build({}, {}).build()
    assert [(d.name, d.here, d.there) for d in compare(here, there)] == [("lr", "1.0", None)]


def test_one_spike_is_no_parting_of_curves(build) -> None:
    good = [2.0 - 0.01 * i for i in range(50)]
    spiked = [*good[:20], 9.0, *good[21:]]
    assert compare(build({"loss": spiked}).build(), build({"loss": good}).build()) == ()
