"""Prompts: one Markdown file per task, with the JSON schema of its answer beside it, filled in strictly.

A file has a "## System" section (but for a further turn of a conversation) and a "## User" section; what stands above
them is for readers and is not sent. Slots are `{{name}}` for our own words and `{{data:name}}` for text from a run,
which may stand in the user's section only and is set between marks that do not occur in it. In a schema,
`{"enum": "{{name}}"}` takes a list. Every slot must be filled, and everything given must have a slot.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_SLOT = re.compile(r"\{\{(data:)?([a-z_]+)\}\}")
_ANY_BRACES = re.compile(r"\{\{|\}\}")
_SECTIONS = re.compile(r"\A.*?(?:^## System\n(?P<system>.*?))?^## User\n(?P<user>.*)\Z", re.S | re.M)
# Control characters, zero-width and bidirectional marks: instructions can hide in what a person cannot see.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
# How chat templates mark turns: "<|im_start|>", "<start_of_turn>", "</s>", "[INST]", "<<SYS>>". Servers turn these
# into control tokens wherever they stand, so that a line of a log could end the user's turn.
_TEMPLATE_MARK = re.compile(r"<(?=[|/<a-zA-Z_])|\[(?=/?[A-Z_]{2,20}\])")


class PromptError(ValueError):
    """A prompt file, or what was given to fill it, is wrong: always a programmer's mistake."""


@dataclass(frozen=True)
class Rendered:
    """What is sent: no slot is left open in it."""

    system: str
    user: str
    answer_schema: dict[str, Any] | None


@dataclass(frozen=True)
class Prompt:
    """One task as it stands in its files."""

    task: str
    system: str
    user: str
    answer_schema: dict[str, Any] | None

    def render(
        self,
        words: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        choices: Mapping[str, Sequence[str]] | None = None,
    ) -> Rendered:
        """The prompt filled in; raises PromptError for a slot without a value and for a value without a slot."""
        words, data, choices = words or {}, data or {}, choices or {}
        slots = self.slots
        self._must_match("words", set(words), slots.words)
        self._must_match("data", set(data), slots.data)
        self._must_match("choices", set(choices), slots.choices)
        return Rendered(
            system=_filled(self.system, words, data),
            user=_filled(self.user, words, data),
            answer_schema=_chosen(self.answer_schema, choices),
        )

    @property
    def slots(self) -> "Slots":
        found = [(kind, name) for text in (self.system, self.user) for kind, name in _SLOT.findall(text)]
        return Slots(
            words=frozenset(name for kind, name in found if not kind),
            data=frozenset(name for kind, name in found if kind),
            choices=frozenset(_choice_slots(self.answer_schema)),
        )

    def _must_match(self, kind: str, given: set[str], wanted: frozenset[str]) -> None:
        if given != wanted:
            missing, unknown = sorted(wanted - given), sorted(given - wanted)
            raise PromptError(f"{self.task}, {kind}: missing {missing}, unknown {unknown}")


@dataclass(frozen=True)
class Slots:
    """The names that a prompt wants filled, by what fills them."""

    words: frozenset[str]
    data: frozenset[str]
    choices: frozenset[str]


@cache
def load_prompt(task: str, folder: Path = FOLDER) -> Prompt:
    """The prompt of a task, by the name of its file; raises PromptError when the file is not as it must be."""
    path = folder / f"{task}.md"
    if not path.is_file():
        raise PromptError(f"there is no prompt {task}")
    sections = _SECTIONS.match(path.read_text("utf-8"))
    if sections is None:
        raise PromptError(f"{task}: a prompt has a '## System' and then a '## User' section")
    system, user = (sections["system"] or "").strip(), sections["user"].strip()
    prompt = Prompt(task, system, user, _schema(folder / f"{task}.schema.json"))
    _check(prompt)
    return prompt


def as_data(name: str, text: str) -> str:
    """Text from a run between marks that do not occur in it, without invisible characters and turn marks."""
    plain = _TEMPLATE_MARK.sub(r"\g<0> ", _UNSEEN.sub("", text)).strip("\n")
    mark = next(mark for mark in _marks(plain) if mark not in plain)
    return f"[begin data {name} {mark}]\n{plain}\n[end data {name} {mark}]"


def _marks(text: str) -> Iterator[str]:
    """Short marks, the same ones for the same text, so that a prompt repeats exactly."""
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    number = 0
    while True:
        yield f"{digest[:6]}{number or ''}"
        number += 1


def _filled(text: str, words: Mapping[str, str], data: Mapping[str, str]) -> str:
    """All slots in one pass, so that a slot inside of a value stays text."""
    return _SLOT.sub(lambda slot: as_data(slot[2], data[slot[2]]) if slot[1] else words[slot[2]], text)


def _schema(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    schema: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return schema


def _check(prompt: Prompt) -> None:
    for text in (prompt.system, prompt.user):
        if _ANY_BRACES.search(_SLOT.sub("", text)):
            raise PromptError(f"{prompt.task}: braces that are no slot")
    if "{{data:" in prompt.system:
        raise PromptError(f"{prompt.task}: text from a run may not stand where instructions do")


def _choice_slots(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "enum" and isinstance(value, str):
                yield _slot_name(value)
            else:
                yield from _choice_slots(value)
    elif isinstance(node, list):
        for value in node:
            yield from _choice_slots(value)


def _chosen(node: Any, choices: Mapping[str, Sequence[str]]) -> Any:
    """The schema with its lists of choices in place."""
    if isinstance(node, dict):
        return {
            key: list(choices[_slot_name(value)])
            if key == "enum" and isinstance(value, str)
            else _chosen(value, choices)
            for key, value in node.items()
        }
    return [_chosen(value, choices) for value in node] if isinstance(node, list) else node


def _slot_name(text: str) -> str:
    slot = _SLOT.fullmatch(text)
    if slot is None or slot[1]:
        raise PromptError(f"{text!r} in a schema is no slot")
    return slot[2]
