"""Records built from the curves in tests/data/signals (see make_curves.py there) or from plain columns."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Span
from misrun.tools.signals.measure import measure
from misrun.tools.signals.signal import Signal

CURVES = Path(__file__).parents[1] / "data" / "signals"


def build(
    columns: dict[str, Sequence[float | None]], settings: dict[str, object] | None = None, **options: object
) -> RunBuilder:
    """A builder with one log line per row; None leaves a cell empty. Options: steps, step_kind, file."""
    run = RunBuilder("run")
    file = str(options.get("file", "train.log"))
    count = max((len(values) for values in columns.values()), default=0)
    steps = options.get("steps", range(1, count + 1))
    for name, values in columns.items():
        for line, (step, value) in enumerate(zip(steps, values, strict=False), start=1):
            if value is not None:
                run.metric(name, value, file=file, line=line, step=step, step_kind=options.get("step_kind", "step"))
    for line, (name, value) in enumerate((settings or {}).items(), start=1):
        run.config(name, value, span=Span(file="config.yaml", first=line, last=line), origin="yaml")
    return run


@pytest.fixture(name="build")
def build_fixture() -> Callable[..., RunBuilder]:
    return build


@pytest.fixture
def signals_of() -> Callable[..., dict[str, Signal]]:
    """Columns (and settings, steps, step_kind) to the first signal of each name."""

    def measured(
        columns: dict[str, Sequence[float | None]], settings: dict[str, object] | None = None, **options: object
    ):
        return by_name(build(columns, settings, **options).build())

    return measured


def by_name(run: RunRecord) -> dict[str, Signal]:
    return {signal.name: signal for signal in reversed(measure(run))}


@pytest.fixture
def curve_run() -> Callable[..., RunRecord]:
    """The record of one CSV file of tests/data/signals, with settings."""

    def read(name: str, settings: dict[str, object] | None = None) -> RunRecord:
        with (CURVES / f"{name}.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        columns = {key: [float(row[key]) if row[key] else None for row in rows] for key in rows[0] if key != "step"}
        return build(columns, settings, steps=[float(row["step"]) for row in rows], file=f"{name}.csv").build()

    return read
