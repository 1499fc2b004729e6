"""The corpus as shipped: `corpus/*.jsonl`, one KnowledgeEntry per line, and the passages each entry is searched by."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from misrun.knowledge.entry import KnowledgeEntry
from misrun.tools.record import Record

CORPUS_FOLDER = Path(__file__).with_name("corpus")


class Corpus(Record):
    """Entries in file order, and a note for every line that could not be used.

    `snapshot` is a digest of all entries: two corpora with the same snapshot hold the same knowledge.
    """

    entries: tuple[KnowledgeEntry, ...]
    notes: tuple[str, ...] = ()
    snapshot: str

    @cached_property
    def by_id(self) -> dict[str, KnowledgeEntry]:
        return {entry.id: entry for entry in self.entries}


def load_corpus(folder: Path = CORPUS_FOLDER) -> Corpus:
    """Read every `*.jsonl` of `folder`. A damaged line is skipped with a note; a folder without any entry is an error
    (FileNotFoundError), because a search over nothing would look like "nobody knows this failure"."""
    files = sorted(folder.glob("*.jsonl"))
    entries: dict[str, KnowledgeEntry] = {}
    notes: list[str] = []
    for place, line in _lines(files):
        entry = _parse(line)
        if isinstance(entry, str):
            notes.append(f"{place}: skipped, {entry}")
        elif entry.id in entries:
            notes.append(f"{place}: skipped, the id {entry.id} occurs before")
        else:
            entries[entry.id] = entry
    if not entries:
        raise FileNotFoundError(f"no knowledge entry in {folder}/*.jsonl")
    return Corpus(entries=tuple(entries.values()), notes=tuple(notes), snapshot=_digest(entries.values()))


def passages(entry: KnowledgeEntry) -> tuple[str, ...]:
    """The texts an entry is found by in meaning: how the failure looks, how it works with what it is called, the
    symptoms alone, cause with fix, and how people ask for it. Kept apart because a query is about one of them; each
    stays below the 256 word pieces that the embedder reads. On the development half of the queries nDCG@10 was 0.80
    with the first two alone, 0.81 with four, and 0.82 with all (recall@10 0.87 and 0.89), as many as with each way of
    asking as a passage of its own."""
    symptoms = ". ".join(entry.symptoms)
    modes = (mode.split("/", 1)[-1] for mode in entry.modes)
    works = (entry.problem, entry.cause, *_labels((*entry.techniques, *entry.phenomena, *modes)))
    told = (f"{entry.title}. {symptoms}", " ".join(works), symptoms, f"{entry.cause} {entry.fix}")
    return (*told, ". ".join(entry.asked)) if entry.asked else told


def wording(entry: KnowledgeEntry) -> str:
    """The text an entry is found by word for word: what it says, what it is called, and what it was seen with."""
    modes = (mode.split("/", 1)[-1] for mode in entry.modes)
    says = (entry.title, *entry.symptoms, *entry.asked, entry.problem, entry.cause, entry.fix)
    called = (*entry.techniques, *entry.phenomena, *modes, *entry.frameworks, *entry.model_types)
    return " ".join((*says, *_labels(called)))


def _labels(names: Iterable[str]) -> Iterator[str]:
    return (name.replace("_", " ") for name in names)


def _lines(files: list[Path]) -> Iterator[tuple[str, str]]:
    for file in files:
        # A byte that is no UTF-8 spoils its own line only, not the file.
        text = file.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield f"{file.name}:{number}", line


def _parse(line: str) -> KnowledgeEntry | str:
    """The entry, or why the line is none."""
    try:
        return KnowledgeEntry.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        return f"no JSON ({error.msg} at column {error.colno})"
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _digest(entries: Iterable[KnowledgeEntry]) -> str:
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(entry.model_dump_json().encode())
    return digest.hexdigest()
