"""Every payload in the folder of a run whose failure is known: nothing is executed, written or read outside, nothing
hangs, and the diagnosis stays what it was."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from guard import guarded
from made_payloads import PAYLOADS

from misrun.agents.triage import triage
from misrun.tools.code.flow.tracer import trace_flows
from misrun.tools.code.inspect import inspect
from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.measure import measure

_DATA = Path(__file__).parents[1] / "data" / "hostile"
STORED = sorted(path.relative_to(_DATA).as_posix() for path in _DATA.rglob("*.payload"))
# Seconds of the processor's time; the largest payloads take a few.
_MOST_SECONDS = 90

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes, links and timers of POSIX")


def failed_run(folder: Path) -> Path:
    """A loss that blows up and becomes NaN."""
    falling = [f"step {n} loss {2 / (1 + n / 10):.4f} grad_norm {0.9 + n % 7 / 10} lr 0.001" for n in range(1, 60)]
    rising = [
        f"step {n} loss {3.0 * 2 ** (n - 59):.4f} grad_norm {50.0 * 3 ** (n - 59)} lr 0.001" for n in range(60, 66)
    ]
    lost = [f"step {n} loss nan grad_norm nan lr 0.001" for n in range(66, 75)]
    folder.mkdir()
    (folder / "train.log").write_text("\n".join([*falling, *rising, *lost]) + "\n")
    return folder


@contextmanager
def bounded() -> Iterator[None]:
    """Ends what would go on for ever; counted in processor time, so that a busy machine changes nothing."""

    def stop(*_: object) -> None:
        raise AssertionError(f"not done after {_MOST_SECONDS} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def diagnosed(folder: Path) -> tuple[str, RunRecord, str]:
    """The leading mode, the record, and all that the code checks and the data flow say."""
    run = read_run(folder)
    code = [file.path for file in run.code]
    checked = inspect(folder, code)
    flows = trace_flows(checked.trace)
    mode = triage(run, measure(run), (), checked.findings).mode
    everywhere = inspect(folder)
    return mode, run, f"{checked.findings} {flows} {everywhere.findings} {everywhere.skipped}"


def listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((os.fsdecode(os.fsencode(str(p))), p.lstat().st_size) for p in folder.rglob("*"))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    mode, _, _ = diagnosed(failed_run(tmp_path_factory.mktemp("base") / "run"))
    assert mode == "optimization/gradient_explosion"
    return mode


def test_there_are_enough_of_them() -> None:
    assert len(STORED) + len(PAYLOADS) >= 100


@pytest.mark.parametrize("name", [*STORED, *PAYLOADS])
def test_a_payload_does_nothing(name: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside, canary = tmp_path / "outside", tmp_path / "canary"
    outside.mkdir()
    monkeypatch.setenv("HOSTILE_CANARY", str(canary))
    run = failed_run(tmp_path / "run")
    if name in PAYLOADS:
        PAYLOADS[name](run, outside)
    else:
        stored = _DATA / name
        (run / stored.name.removesuffix(".payload")).write_bytes(stored.read_bytes())
    before = listing(tmp_path)
    with guarded(run) as seen, bounded():
        mode, record, said = diagnosed(run)
    assert seen == []
    assert not canary.exists()
    assert listing(tmp_path) == before
    assert mode == expected
    read = record.model_dump_json() + said
    assert "PRIVATE-OUTSIDE" not in read and "PRIVATE_OUTSIDE" not in read and "77.77" not in read
    assert not any(s.file.startswith(("/", "..")) or "../" in s.file for s in record.series)
