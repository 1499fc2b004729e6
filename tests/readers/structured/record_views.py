"""Short ways to look into a RunRecord."""

from collections.abc import Callable, Mapping

from misrun.tools.readers.run_record import RunRecord, Scalar, Series

Read = Callable[[Mapping[str, str | bytes]], RunRecord]


def series(run: RunRecord, raw_name: str) -> Series:
    found = [series for series in run.series if series.raw_name == raw_name]
    assert len(found) == 1, (raw_name, [(series.raw_name, series.file) for series in run.series])
    return found[0]


def settings(run: RunRecord) -> dict[str, Scalar | tuple[Scalar, ...]]:
    return {value.name: value.value for value in run.config}


def where(run: RunRecord) -> dict[str, str]:
    return {value.name: str(value.span) for value in run.config}


def facts(run: RunRecord) -> dict[str, str]:
    return {fact.name: fact.value for fact in run.environment}
