"""record.jsonl of misrun's own recorder (misrun.tools.recorder): metrics, settings, environment, and how it ended."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.config_tree import add_config
from misrun.tools.readers.ending import combined_ending
from misrun.tools.readers.environment_facts import add_environment
from misrun.tools.readers.json_text import Leaf, leaves
from misrun.tools.readers.lines.points import Points
from misrun.tools.readers.lines.position import Mark
from misrun.tools.readers.number_text import parse_number
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Ending, Event, Frame
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS, exception_signature
from misrun.tools.record import Span

_HEADER = b'{"format": "misrun.record"'
# Events that are facts about the run, in words. "precursor" is not among them: the metrics it speaks of are there.
_FACTS = {
    "no_optimizer": "require a gradient and are in no optimizer",
    "stale": "are in an optimizer and not in the model",
    "frozen": "are in an optimizer and require no gradient",
    "repeated": "are in two optimizers",
    "no_gradient": "had no gradient at an optimizer step",
    "nonfinite_gradient": "had a gradient that is not finite",
}
_KILLS = {"KeyboardInterrupt": "interrupted"}


class MisrunRecord:
    """Every line is whole on disk, so that only the last one of a killed run can be damaged."""

    name = "misrun record"

    def sniff(self, source: Source) -> bool:
        return source.head.startswith(_HEADER)

    def read(self, source: Source, run: RunBuilder) -> None:
        points = Points(run, source.name)
        rank: int | None = None
        for number, row in _rows(source, run):
            span = Span(file=source.name, first=number, last=number)
            try:
                if "format" in row:
                    rank = row["rank"] if row["environment"]["world_size"] > 1 else None
                    _add_header(row, span, run)
                elif "event" in row:
                    _add_event(row, span, rank, run)
                else:
                    _add_metrics(row, number, rank, points)
            except (KeyError, TypeError, ValueError, AttributeError) as error:  # edited by hand, or another version
                run.note(f"{span}: not as the recorder writes it ({type(error).__name__}: {error})")
        points.flush()


def _rows(source: Source, run: RunBuilder) -> Iterator[tuple[int, dict[str, Any]]]:
    with source.path.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                row = json.loads(line)
            except ValueError:
                run.note(f"{source.name}:{number}: not complete, as a killed run leaves its last line")
                continue
            if isinstance(row, dict):
                yield number, row


def _add_header(row: Mapping[str, Any], span: Span, run: RunBuilder) -> None:
    """The settings of the first optimizer's first group are those of the run."""
    first = next(iter(row["optimizers"]), None)
    group = {"optimizer": first["class"], **next(iter(first["groups"]), {})} if first else {}
    settings = {**group, **row["settings"]}
    for name in ("tensors", "elements"):
        settings.pop(name, None)
    add_config(_leaves(settings, span), span.file, run, origin="log")
    add_environment(_leaves(row["environment"], span), span.file, run)


def _leaves(values: Mapping[str, Any], span: Span) -> list[Leaf]:
    return list(leaves(json.dumps(values).replace("\n", " "), span.first))


def _add_metrics(row: Mapping[str, Any], line: int, rank: int | None, points: Points) -> None:
    mark = Mark(float(row["step"]), "step")
    for name, value in row.items():
        number = parse_number(value) if isinstance(value, str) else value
        if name != "step" and isinstance(number, int | float):
            points.add(name, float(number), line, mark, None, rank)


def _add_event(row: Mapping[str, Any], span: Span, rank: int | None, run: RunBuilder) -> None:
    kind = row["event"]
    if kind == "end":
        _add_end(row, span, rank, run)
    elif kind == "recorder_error":
        run.note(f"{span}: the recorder stopped at step {row['step']} ({row['reason']}: {row['message']})")
    elif kind == "modes" and (others := row["others"]):
        where = "evaluation" if row["training"] else "training"
        text = f"modules that are in {where} mode unlike the model: {', '.join(row['names'])} ({others} in all)"
        run.event(_notice("modes", text, row, span, rank))
    found = {kind: row, **{name: row[name] for name in _FACTS if isinstance(row.get(name), dict)}}
    for name in found.keys() & _FACTS.keys():
        if found[name]["count"]:
            text = f"parameters that {_FACTS[name]}: {', '.join(found[name]['names'])} ({found[name]['count']} in all)"
            run.event(_notice(name, text, row, span, rank))


def _notice(name: str, text: str, row: Mapping[str, Any], span: Span, rank: int | None) -> Event:
    return Event(name=name, kind="notice", message=text, span=span, rank=rank, values={"step": row["step"]})


def _add_end(row: Mapping[str, Any], span: Span, rank: int | None, run: RunBuilder) -> None:
    reason = row["reason"]
    # A program that calls exit, or whose callback was not told why the training ended, has not crashed.
    stopped: dict[str, Literal["finished", "unfinished"]] = {"finished": "finished", "SystemExit": "unfinished"}
    if reason in stopped:
        run.ending = combined_ending(run.ending, Ending(status=stopped[reason], last_step=row["step"], spans=(span,)))
        return
    name = _KILLS.get(reason) or exception_signature(reason, row["message"]) or "traceback"
    kind = SIGNATURE_MEANINGS[name][0] if name in SIGNATURE_MEANINGS else "error"
    run.event(
        Event(name=name, kind=kind, message=row["message"], span=span, exception=reason, rank=rank,
              frames=tuple(Frame(**frame) for frame in row["traceback"]))
    )  # fmt: skip
    status = "killed" if kind == "kill" else "crashed"
    run.ending = combined_ending(run.ending, Ending(status=status, last_step=row["step"], spans=(span,)))
