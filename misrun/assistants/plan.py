"""What installing or uninstalling would change, worked out before anything is written.

What was put where is noted in a file of misrun's own beside it (`kept`), so that uninstalling takes away exactly that:
files by digest, folders that were made, and the entry in the registry. What the user changed since is theirs and stays.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from misrun.assistants.places import Place
from misrun.assistants.refused import Refused
from misrun.tools.record import Record


class Kept(Record):
    """What `install` noted. Paths are absolute or relative to the root; `receipt` belongs to the registry's format."""

    files: dict[str, str] = {}
    folders: tuple[str, ...] = ()
    entry: dict[str, Any] | None = None
    receipt: str = ""
    made_registry: bool = False


@dataclass(frozen=True)
class Change:
    """One file before and after; None where it is not there."""

    path: Path
    before: str | None
    after: str | None


@dataclass
class Plan:
    """The changes in order, folders to take away when they are empty, and what the user should know."""

    changes: list[Change] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def change(self, path: Path, before: str | None, after: str | None) -> None:
        if before != after:
            self.changes.append(Change(path, before, after))


def install(place: Place, entry: Mapping[str, Any]) -> Plan:
    """Definitions written or brought up to date, and the server registered. Refused for a file that does not parse."""
    plan, old, digests = Plan(), _kept(place), dict[str, str]()
    for path, text in place.files.items():
        name = _name(place, path)
        digest = _write(plan, path, text, old.files.get(name))
        digests |= {} if digest is None else {name: digest}
    for name in old.files.keys() - {_name(place, path) for path in place.files}:
        _take_away(plan, place.root / name, old.files[name])
    noted = _registered(plan, place, old, dict(entry))
    folders = (*old.folders, *(_name(place, folder) for folder in _missing_folders(plan, place)))
    noted = noted.model_copy(update={"files": digests, "folders": tuple(dict.fromkeys(folders))})
    # First of all, so that what an interrupted installation wrote can be taken away again.
    before = _text(place.kept)
    if digests or noted.entry is not None:
        after = json.dumps(noted.model_dump(), indent=1) + "\n"
        if after != before:
            plan.changes.insert(0, Change(place.kept, before, after))
    return plan


def uninstall(place: Place) -> Plan:
    """Everything that was put there and not changed since, taken away; the rest named."""
    plan, old, before = Plan(), _kept(place), _text(place.kept)
    if before is None:
        plan.notes.append(f"{place.assistant}: nothing here was put by `misrun agents install`.")
        return plan
    for name, digest in old.files.items():
        _take_away(plan, place.root / name, digest)
    _deregister(plan, place, old)
    plan.change(place.kept, before, None)
    plan.folders += sorted((place.root / name for name in old.folders), key=lambda folder: -len(folder.parts))
    return plan


def _write(plan: Plan, path: Path, text: str, digest: str | None) -> str | None:
    """The digest of what misrun wrote there, if it did. A file that somebody else wrote, or changed, is left."""
    before = _text(path)
    if before is not None and digest != _digest(before):
        if before != text:
            plan.notes.append(f"{path} is not as misrun wrote it and stays as it is.")
        return digest
    plan.change(path, before, text)
    return _digest(text)


def _take_away(plan: Plan, path: Path, digest: str) -> None:
    before = _text(path)
    if before is not None and _digest(before) == digest:
        plan.change(path, before, None)
    elif before is not None:
        plan.notes.append(f"{path} was changed since and stays; delete it by hand if you do not need it.")


def _registered(plan: Plan, place: Place, old: Kept, entry: dict[str, Any]) -> Kept:
    before = _text(place.registry)
    with _named(place.registry, entry):
        present = None if before is None else place.format.entry(before)
        if present not in (None, old.entry):
            if present != entry:
                plan.notes.append(f"{place.registry} names another misrun server by hand; it stays as it is.")
            return old
        if present == entry:
            return old
        base = before if present is None or before is None else place.format.remove(before, old.receipt)
        after, receipt = place.format.add(base or None if old.made_registry else base, entry)
    plan.change(place.registry, before, after)
    made = before is None or (present is not None and old.made_registry)
    return Kept(entry=entry, receipt=receipt, made_registry=made)


def _deregister(plan: Plan, place: Place, old: Kept) -> None:
    before = _text(place.registry)
    if old.entry is None or before is None:
        return
    try:
        present = place.format.entry(before)
        if present is None:
            return
        if present != old.entry:
            raise Refused("its entry for misrun is not the one that was written")
        after: str | None = place.format.remove(before, old.receipt)
    except Refused as error:
        plan.notes.append(f"{place.registry} stays as it is: {error}. Take the entry for misrun out by hand.")
        return
    plan.change(place.registry, before, None if old.made_registry and not after else after)


@contextmanager
def _named(path: Path, entry: Mapping[str, Any]) -> Iterator[None]:
    """Says of a Refused which file it is about, and what to write there by hand."""
    try:
        yield
    except Refused as error:
        raise Refused(
            f"{path} was left alone and nothing was written: {error}. Mend it, or register the server by hand: name "
            f"misrun, {json.dumps(entry)}"
        ) from error


def _missing_folders(plan: Plan, place: Place) -> Iterator[Path]:
    """Folders that will be made, outermost first."""
    targets = [change.path for change in plan.changes if change.before is None] + [place.kept]
    for path in targets:
        yield from (folder for folder in reversed(path.parents) if not folder.exists())


def _kept(place: Place) -> Kept:
    text = _text(place.kept)
    if text is None:
        return Kept()
    try:
        return Kept.model_validate_json(text)
    except ValueError as error:
        raise Refused(f"{place.kept} is not as misrun wrote it. Delete it, and misrun's files, by hand.") from error


def _text(path: Path) -> str | None:
    """The file's text with its own line ends; None when there is none. Refused when it is not UTF-8 or no file."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, OSError) as error:
        raise Refused(f"{path} cannot be read as text ({error}). Nothing was written.") from error


def _name(place: Place, path: Path) -> str:
    return path.relative_to(place.root).as_posix() if path.is_relative_to(place.root) else str(path)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
