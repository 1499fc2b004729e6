"""Configuration files of the project, as the values that the program reads from them."""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import yaml

from misrun.tools.code.project_model import Project
from misrun.tools.code.values import Value, ancestors, constant

_SUFFIXES = (".json", ".yaml", ".yml")
# Where projects keep them: beside the code, at the root, and in a folder of this name.
_FOLDERS = ("", "config", "configs", "conf")
# Configuration files are small; a larger one is data.
_MAX_BYTES = 200_000
# Values with all aliases written out: a few lines of YAML can stand for billions ("billion laughs"), and the largest
# real settings files hold about 600.
_MAX_VALUES = 20_000
_READERS = ("yaml.safe_load", "yaml.load", "json.load", "json.loads", "omegaconf.OmegaConf.load", "yaml.full_load")


@lru_cache(maxsize=1)  # several checks ask for those of the project that is being checked
def configuration_files(project: Project) -> dict[Path, dict[str, object]]:
    """The content of every JSON and YAML file beside the code that holds a mapping."""
    roots = {project.root, *(project.root / Path(file.path).parent for file in project.files)}
    found: dict[Path, dict[str, object]] = {}
    for folder in sorted({root / name for root in roots for name in _FOLDERS}):
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            content = _content(path) if _lies_in(project.root, path) else None
            if isinstance(content, dict):
                found[path] = content
    return found


def _lies_in(root: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a loop of links, as Python 3.11 and 3.12 report it
        return False


def _content(path: Path) -> object:
    try:
        if path.suffix not in _SUFFIXES or not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return None
        text = path.read_text("utf-8")
        if path.suffix == ".json":
            return json.loads(text)
        # Counted before anything is built: merge keys are written out while a file is loaded.
        return yaml.safe_load(text) if _values(yaml.compose(text, yaml.SafeLoader), {}) <= _MAX_VALUES else None
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None


def _values(node: yaml.Node | None, known: dict[yaml.Node, int]) -> int:
    """How many values a document stands for; one that contains itself (RecursionError) has no number."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if node not in known:
        items = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
        known[node] = 1 + sum(_values(item, known) for item in items)
    return known[node]


def is_reader(path: str) -> bool:
    """Whether a library function reads a configuration file."""
    return path in _READERS


def read_setting_file(files: dict[Path, dict[str, object]], given: list[Value]) -> Value | None:
    """What a reader gives: the file whose name stands in its arguments, or the only one there is."""
    named = {Path(text).name for text in _texts(given)}
    matching = [content for path, content in files.items() if path.name in named]
    chosen = matching or (list(files.values()) if not named else [])
    return as_value(chosen[0]) if len(chosen) == 1 else None


def _texts(given: list[Value]) -> Iterator[str]:
    for value in given:
        for part in ancestors(value, 30):
            if isinstance(part.const, str) and part.const.endswith(_SUFFIXES):
                yield part.const


def as_value(content: object, depth: int = 8) -> Value:
    """A literal of the configuration as the interpreter sees it."""
    if isinstance(content, dict) and depth:
        fields = {str(key): as_value(value, depth - 1) for key, value in content.items()}
        made = Value(kind="mapping", op="configuration", items=list(fields.values()))
        made.kwargs = fields
        return made
    if isinstance(content, list) and depth:
        return Value(kind="sequence", op="list", items=[as_value(item, depth - 1) for item in content])
    return constant(content)
