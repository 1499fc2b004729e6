"""The page of each failure mode, from the taxonomy, the clues, the cures, the code checks and the knowledge."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from misrun.agents.cures.registry import cures_for, measurement_for
from misrun.knowledge.corpus import load_corpus
from misrun.knowledge.entry import KnowledgeEntry
from misrun.tools.code.checks.registry import CHECKS
from misrun.tools.diagnosis.clues.registry import CLUES
from misrun.tools.diagnosis.taxonomy import MODES, Mode
from misrun.tools.readers.complaint_table import COMPLAINT_MEANINGS
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS
from misrun.tools.signals.catalogue import CATALOGUE

# A page is read in a minute: more would hide what matters.
_MOST_SIGNS, _MOST_LIKE, _MOST_SOURCES = 10, 4, 8
_STRENGTH = ("reproduced", "confirmed", "maintainer", "claimed")
_SLOT = re.compile(r"(?<!\{)\{(\w+)\}")
_TITLES = {
    "memory_hardware": "Memory and hardware",
    "optimization": "Optimization",
    "data_pipeline": "Data pipeline",
    "model_software": "Model and software",
}


def mode_pages() -> dict[str, str]:
    """Path below `modes/` -> Markdown: one page a mode, and the index."""
    entries = load_corpus().entries
    modes = [mode for mode in MODES.values() if mode.category in _TITLES]
    weights = _weights()
    pages = {f"{mode.id}.md": "\n".join(_page(mode, weights, entries)) for mode in modes}
    return {"index.md": "\n".join(_index(modes)), **pages}


def _index(modes: Iterable[Mode]) -> Iterator[str]:
    yield "# Failure modes\n\nWhat misrun can name, and what settles it."
    by_category: dict[str, list[Mode]] = defaultdict(list)
    for mode in modes:
        by_category[mode.category].append(mode)
    for category, members in by_category.items():
        yield f"\n## {_TITLES[category]}\n\n| mode | what it is |\n|---|---|"
        yield from (f"| [{_name(mode.id)}]({mode.id}.md) | {mode.definition} |" for mode in members)


def _page(mode: Mode, weights: dict[str, dict[str, float]], entries: Iterable[KnowledgeEntry]) -> Iterator[str]:
    yield f"# {_name(mode.id).capitalize()}\n\n`{mode.id}`: {mode.definition}\n\n**Settled by** {mode.settled_by}."
    yield from _signs(mode, weights)
    yield from _like(mode, weights)
    yield from _measurement(mode)
    yield from _cures(mode)
    yield from _checks(mode)
    yield from _sources(mode, entries)


def _weights() -> dict[str, dict[str, float]]:
    """Mode -> signal -> how strongly it speaks for the mode (log-odds)."""
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    for clue in CLUES:
        weights[clue.mode][clue.signal] = max(clue.weight, weights[clue.mode].get(clue.signal, 0.0))
    return weights


def _signs(mode: Mode, weights: dict[str, dict[str, float]]) -> Iterator[str]:
    speaking = sorted((s for s, w in weights[mode.id].items() if w > 0), key=lambda s: -weights[mode.id][s])
    told = [text for signal in speaking if (text := _meaning(signal))][:_MOST_SIGNS]
    if told:
        yield "\n## How it shows\n\nWhat misrun looks for, strongest first:\n"
        yield from (f"- {text}" for text in told)


def _meaning(signal: str) -> str:
    """What a signal or an event of the log says, in words; empty for signals without a description."""
    event = signal.removeprefix("error.")
    if event in COMPLAINT_MEANINGS:
        return COMPLAINT_MEANINGS[event]
    if event in SIGNATURE_MEANINGS:
        return f"in the log: {SIGNATURE_MEANINGS[event][1]}"
    return CATALOGUE.get(signal, "")


def _like(mode: Mode, weights: dict[str, dict[str, float]]) -> Iterator[str]:
    """Modes that the same signs speak for."""
    mine = weights[mode.id]
    shared = {
        other: sum(min(weight, mine[s]) for s, weight in theirs.items() if weight > 0 and mine.get(s, 0.0) > 0)
        for other, theirs in weights.items()
        if other != mode.id and other in MODES and MODES[other].category in _TITLES
    }
    near = sorted((other for other, weight in shared.items() if weight > 1), key=lambda other: -shared[other])
    if near:
        yield "\n## Mistaken for\n\n| it could be | told apart by |\n|---|---|"
        yield from (f"| [{_name(o)}](../{o}.md) | {MODES[o].settled_by} |" for o in near[:_MOST_LIKE])


def _measurement(mode: Mode) -> Iterator[str]:
    measurement = measurement_for(mode.id)
    if measurement:
        yield f"\n## Confirming check\n\n{_prose(measurement.what[-1])}\n\n```python\n{_code(measurement.how[-1])}\n```"


def _cures(mode: Mode) -> Iterator[str]:
    cures = cures_for(mode.id)
    if cures:
        yield "\n## Cures\n\nLikeliest to work first. In a report the values come from the run.\n"
        yield from (f"1. {_prose(cure.what[-1])}{_hidden(cure.displaced)}" for cure in cures)


def _hidden(displaced: str) -> str:
    return f" *Away from the cause: {displaced}*" if displaced else ""


def _checks(mode: Mode) -> Iterator[str]:
    found = [check for check in CHECKS.values() if check.mode == mode.id]
    if found:
        yield "\n## Checks of the code\n\n| check | what it finds | why that is wrong | source |\n|---|---|---|---|"
        yield from (f"| `{c.id}` | {_cell(c.what)} | {_cell(c.why)} | [source]({c.source}) |" for c in found)


def _sources(mode: Mode, entries: Iterable[KnowledgeEntry]) -> Iterator[str]:
    about = sorted((e for e in entries if mode.id in e.modes), key=lambda e: (_STRENGTH.index(e.strength), -e.year))
    if about:
        yield f"\n## What is known\n\n{len(about)} sources; the best supported:\n"
        for entry in about[:_MOST_SOURCES]:
            yield f"- [{_cell(entry.title)}]({entry.url}) ({entry.year}, {entry.strength}). {entry.cause} {entry.fix}"


def _name(mode: str) -> str:
    return mode.rsplit("/", 1)[-1].replace("_", " ")


def _prose(template: str) -> str:
    """A template's sentence, with what a run fills in in italics."""
    return _SLOT.sub(lambda slot: f"*{slot[1].replace('_', ' ')}*", template).replace("{{", "{").replace("}}", "}")


def _code(template: str) -> str:
    """A template's code, with what a run fills in in angle brackets; doubled braces stand for single ones."""
    return _SLOT.sub(lambda slot: f"<{slot[1].replace('_', ' ')}>", template).replace("{{", "{").replace("}}", "}")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
