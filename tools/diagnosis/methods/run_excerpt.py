"""What a language model is shown of a run, as the paper has it (end of section 4.2): the error message, the last 50
logged steps and a short configuration; and, for the method with evidence, misrun's facts with an id each.
"""

import re
from collections.abc import Iterator

from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Ground
from misrun.tools.llm.context import Line, fitted
from misrun.tools.llm.quoted import one_line
from misrun.tools.readers.run_record import AUTHORITY, ConfigValue, Ending, RunRecord, Series
from misrun.tools.signals.wording import number

LAST_STEPS = 50
# Room in tokens. The table of 50 steps by six columns needs about 2,000; with the labels, the facts and the reply all
# of it stays below 8,192 (a test adds it up).
ERROR_ROOM, STEPS_ROOM, CONFIG_ROOM, FACTS_ROOM = 500, 2000, 500, 1200
# Columns in the order in which they are given up when there are more: the paper's three first.
_COLUMNS = (
    ("loss", "train"), ("loss", "eval"), ("grad_norm", "train"), ("memory", "system"), ("lr", "train"),
    ("accuracy", "train"), ("accuracy", "eval"), ("reward", "train"), ("loss_scale", "train"), ("perplexity", "eval"),
    ("perplexity", "train"), ("kl", "train"), ("entropy", "train"),
)  # fmt: skip
_MOST_COLUMNS = 6
_ERROR_CHARACTERS = 800
_VALUE_CHARACTERS = 80
# Settings that decide how a model trains, by a part of their name; the rest is shown when there is room.
_DECISIVE = re.compile(
    r"lr|learning_rate|batch|optim|epoch|steps|warmup|schedul|decay|momentum|beta|eps|clip|accum|precision|fp16|bf16|amp"
    r"|dropout|seed|model|arch|hidden|layer|heads|embed|vocab|classes|labels|length|block|loss|freeze|resume|checkpoint"
    r"|workers|shuffle|split|normali|scale|init|activation|gamma|temperature"
)


def error_message(facts: Facts) -> str:
    """The message of the error that ended the run, with its type; where there is none, how the run ended."""
    root = facts.root
    if root is None:
        return f"There is none: the program printed no error. {_ending(facts.run.ending)}"
    kind = f"{root.exception}: " if root.exception and root.exception not in root.message else ""
    lines = [Line(line, -i) for i, line in enumerate(f"{kind}{root.message}"[:_ERROR_CHARACTERS].splitlines())]
    return fitted(lines, ERROR_ROOM)


def last_steps(run: RunRecord) -> str:
    """The last 50 logged steps as a table, one row per step; "-" where a column has no value."""
    columns = _columns(run)
    if not columns:
        return "no metrics were logged"
    tables = [dict(zip(series.steps, series.values, strict=True)) for series in columns]
    steps = sorted({step for table in tables for step in table})[-LAST_STEPS:]
    header = " ".join([columns[0].step_kind, *(_column_name(series) for series in columns)])
    rows = [" ".join([f"{step:g}", *(_cell(table.get(step)) for table in tables)]) for step in steps]
    # The end of the run tells most: rows are given up from the oldest on.
    return fitted([Line(header, len(rows)), *(Line(row, i) for i, row in enumerate(rows))], STEPS_ROOM)


def short_configuration(run: RunRecord) -> str:
    """One line per setting, those that decide how a model trains before the others."""
    nearest: dict[str, ConfigValue] = {}
    for value in run.config:
        name = value.name.rsplit(".", 1)[-1]
        if name not in nearest or AUTHORITY.get(value.origin, 1) < AUTHORITY.get(nearest[name].origin, 1):
            nearest[name] = value
    lines = [
        Line(f"{name} = {str(value.value)[:_VALUE_CHARACTERS]}", 1.0 if _DECISIVE.search(name.lower()) else 0.0)
        for name, value in nearest.items()
    ]
    return fitted(lines, CONFIG_ROOM) or "no settings were found"


def facts_by_id(facts: Facts) -> dict[str, Ground]:
    """How the run ended (E1), what was measured (S1, S2, ..., strongest first) and what was found in the code (F1, ...)."""
    signals = sorted(facts.signals, key=lambda s: -s.strength)
    ending = Ground(source="ending", text=_ending(facts.run.ending), weight=1.0, spans=facts.run.ending.spans)
    found = {"E1": ending}
    for count, signal in enumerate(signals, start=1):
        found[f"S{count}"] = Ground(source=signal.name, text=signal.text, weight=signal.strength, spans=signal.spans)
    for count, finding in enumerate(_by_confidence(facts), start=1):
        text = f"{finding.file}:{finding.line}: {finding.message}"
        found[f"F{count}"] = Ground(source=finding.check, text=text, weight=finding.confidence, spans=(finding.span,))
    return found


def shown_facts(facts: Facts) -> tuple[str, dict[str, Ground]]:
    """The facts as text, one per line with its id and strength, a finding also with what it can cause; and those facts
    that had room, by id."""
    by_id = facts_by_id(facts)
    can_cause = {f"F{count}": f", can cause {f.mode}" for count, f in enumerate(_by_confidence(facts), start=1)}
    lines = {
        key: Line(one_line(f"{key} ({ground.weight:.2f}{can_cause.get(key, '')}): {ground.text}"), ground.weight)
        for key, ground in by_id.items()
    }
    text = fitted(list(lines.values()), FACTS_ROOM)
    kept = set(text.split("\n"))
    return text, {key: by_id[key] for key, line in lines.items() if line.text in kept}


def _by_confidence(facts: Facts) -> list[Finding]:
    return sorted(facts.findings, key=lambda f: -f.confidence)


def _columns(run: RunRecord) -> list[Series]:
    """At most six series that count the same thing (steps rather than epochs), the most telling first."""
    for kind in ("step", "epoch", "index"):
        known = [s for name, phase in _COLUMNS for s in run.named(name, phase) if s.step_kind == kind]  # type: ignore[arg-type]
        if known:
            return list(_once(known))[:_MOST_COLUMNS]
    return []


def _once(series: list[Series]) -> Iterator[Series]:
    seen: set[str] = set()
    for one in series:
        if _column_name(one) not in seen:
            seen.add(_column_name(one))
            yield one


def _column_name(series: Series) -> str:
    return f"eval_{series.name}" if series.phase == "eval" else series.name


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _ending(ending: Ending) -> str:
    parts = [f"How the run ended: {ending.status}"]
    if ending.exit_code is not None:
        parts.append(f"exit code {ending.exit_code}")
    if ending.last_step is not None:
        planned = f" of {number(ending.planned_steps)}" if ending.planned_steps is not None else ""
        parts.append(f"last step {number(ending.last_step)}{planned}")
    return ", ".join(parts)
