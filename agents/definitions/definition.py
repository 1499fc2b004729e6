"""The agents that a coding assistant can call: read from one source file each.

A source has YAML front matter (name, description, what it needs) and the instructions, with `{{blocks}}` that are
filled in strictly. `files` are the assistant's own tools for files, `web` and `delegates` say whether it searches the
web and starts other agents, `misrun` names tools of misrun's MCP server.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

import yaml

from misrun.tools.record import Record

_FOLDER = files("misrun.agents.definitions")
_FRONT = re.compile(r"\A---\n(?P<front>.*?)\n---\n(?P<body>.*)\Z", re.S)
_SLOT = re.compile(r"\{\{(\w+)\}\}")


class Definition(Record):
    """One agent, as written."""

    name: str
    description: str
    files: tuple[Literal["Read", "Grep", "Glob", "Bash"], ...]
    web: bool = False
    delegates: bool = False
    misrun: tuple[str, ...]
    instructions: str


class Skill(Record):
    """The skill: what the assistant itself should know, before it calls any agent."""

    name: str
    description: str
    instructions: str


@cache
def definitions() -> tuple[Definition, ...]:
    """All agents, by name. ValueError when a source is not as it must be."""
    sources = sorted((_FOLDER / "sources").iterdir(), key=lambda source: source.name)
    return tuple(Definition.model_validate(_read(source)) for source in sources if source.name.endswith(".md"))


@cache
def skill() -> Skill:
    return Skill.model_validate(_read(_FOLDER / "skill.md"))


def filled(text: str, blocks: Mapping[str, str]) -> str:
    """The text with every slot filled; KeyError for a slot that no block fills."""
    return _SLOT.sub(lambda slot: blocks[slot[1]], text)


def principles() -> str:
    """What all of them hold to."""
    return (_FOLDER / "principles.md").read_text("utf-8").strip()


def _read(source: Traversable) -> dict[str, object]:
    parts = _FRONT.match(source.read_text("utf-8"))
    if parts is None:
        raise ValueError(f"{source.name} has no front matter")
    front: dict[str, object] = yaml.safe_load(parts["front"])
    return {**front, "instructions": parts["body"].strip()}
