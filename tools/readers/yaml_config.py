"""YAML settings: Lightning hparams, Hydra, Axolotl, Ultralytics, W&B's config.yaml, conda environments."""

import re
from collections.abc import Iterator

import yaml

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.config_tree import MAX_VALUES, add_config
from misrun.tools.readers.environment_facts import add_fact
from misrun.tools.readers.json_text import Leaf, Path
from misrun.tools.readers.number_text import parse_number, parse_scalar
from misrun.tools.readers.package_list import add_requirement
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Scalar
from misrun.tools.record import Span

# The pure Python scanner reads about 200 KB/s; larger YAML in a run folder is data.
_MAX_BYTES = 512 * 2**10
_MAX_DEPTH = 64
# Damage in more places than this leaves nothing certain.
_REPAIRS = 4
_YAML = "tag:yaml.org,2002:"
_OVERRIDES = re.compile(r"(?:^|/)\.hydra/overrides\.ya?ml$")
# Hydra's settings of Hydra itself, and of tools around the code: they say nothing about the training.
_NOT_A_RUN = re.compile(
    r"(?:^|/)(?:\.hydra/hydra\.ya?ml|\.github/.*|\.pre-commit-config\.ya?ml|\.gitlab-ci\.yml|mkdocs\.yml|docker-compose\.ya?ml|"
    r"codecov\.yml|\.readthedocs\.ya?ml|registered_model_meta)$"
)


class YamlConfig:
    """Every scalar with the line of its key. Unknown tags (!!python/object) are kept as text, aliases are followed but
    never expanded beyond MAX_VALUES values."""

    name = "YAML"

    def sniff(self, source: Source) -> bool:
        return source.name.lower().endswith((".yaml", ".yml")) and b"\0" not in source.head

    def read(self, source: Source, run: RunBuilder) -> None:
        if _NOT_A_RUN.search(source.name):
            return
        if source.bytes > _MAX_BYTES:
            run.note(f"{source.name}: {source.bytes // 1024} KB of YAML is more than settings have; not read")
            return
        with source.path.open(encoding="utf-8-sig", errors="replace") as stream:
            found = list(yaml_leaves(stream.read(), source.name, run))
        keys = {str(leaf.path[0]) for leaf in found if leaf.path}
        if "dependencies" in keys and keys <= {"name", "channels", "dependencies", "prefix", "variables"}:
            _add_conda(found, source.name, run)
        elif _OVERRIDES.search(source.name):
            _add_overrides(found, source.name, run)
        elif _is_wandb(found):
            add_config(_unwrapped(found), source.name, run, origin="wandb")
        else:
            add_config(found, source.name, run, origin="yaml")


def yaml_leaves(text: str, file: str, run: RunBuilder) -> Iterator[Leaf]:
    """Scalars of the first document. Where the text is damaged, what stands before the damage is read and noted."""
    node = _composed(text, file, run)
    if node is not None:
        yield from _walk(node, (), [MAX_VALUES * 4], 0)


def _composed(text: str, file: str, run: RunBuilder) -> yaml.Node | None:
    """The first document; where it is damaged, the lines before the damage as far as they are whole by themselves."""
    for attempt in range(_REPAIRS):
        try:
            return _first_document(text)
        except yaml.YAMLError as error:
            line = _damaged_line(error, text)
            if attempt == 0:
                run.note(f"{file}: not valid YAML at line {line + 1}")
            text = "\n".join(text.split("\n")[:line])
    return None


def _damaged_line(error: yaml.YAMLError, text: str) -> int:
    """The first line (from 0) that the parser blames: where it stopped, or where the unfinished construct began."""
    marks = (getattr(error, "problem_mark", None), getattr(error, "context_mark", None))
    lines: list[int] = [mark.line for mark in marks if mark is not None]
    return min([*lines, text.count("\n")])


def _first_document(text: str) -> yaml.Node | None:
    loader = yaml.SafeLoader(text)
    try:
        return loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()


def _walk(node: yaml.Node, path: Path, left: list[int], depth: int) -> Iterator[Leaf]:
    if depth > _MAX_DEPTH or left[0] <= 0:
        return
    # Containers cost too: an alias may stand for nothing, or for what it stands in.
    if isinstance(node, yaml.ScalarNode):
        left[0] -= 1
        yield Leaf(path, scalar_value(node), node.start_mark.line + 1)
    elif isinstance(node, yaml.SequenceNode):
        left[0] -= 1
        for position, item in enumerate(node.value):
            yield from _walk(item, (*path, position), left, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else str(key.tag)
            merged = isinstance(key, yaml.ScalarNode) and key.tag == f"{_YAML}merge"
            left[0] -= 1
            yield from _walk(item, path if merged else (*path, name), left, depth + 1)


def scalar_value(node: yaml.ScalarNode) -> Scalar:
    """The value that a safe loader gives, except that `1e-4`, text to YAML 1.1, is the number that was meant."""
    kind = node.tag.removeprefix(_YAML)
    if kind.startswith("python/") and not node.value:
        return str(node.tag.removeprefix(_YAML))  # !!python/name:torch.nn.ReLU holds its value in the tag
    if kind == "null":
        return None
    if kind == "bool":
        return str(node.value).lower() in ("yes", "true", "on")
    if kind in ("int", "float"):
        return _number(node.value)
    if kind == "str" and node.style is None and node.value[:1] in "-+.0123456789":
        number = parse_number(node.value)
        return node.value if number is None or node.value.endswith("%") else number
    return str(node.value)


def _number(written: str) -> Scalar:
    bare = written.replace("_", "")
    value = parse_scalar(
        bare.replace(".inf", "inf").replace(".Inf", "inf").replace(".nan", "nan").replace(".NaN", "nan")
    )
    if isinstance(value, str) and bare[:2].lower() in ("0x", "0o", "0b") and len(bare) < 20:
        return int(bare, 0)
    return value


def _is_wandb(found: list[Leaf]) -> bool:
    tops = {leaf.path[0] for leaf in found if leaf.path}
    wrapped = {leaf.path[0] for leaf in found if len(leaf.path) > 1 and leaf.path[1] in ("value", "desc")}
    return bool(wrapped) and tops - wrapped <= {"wandb_version", "_wandb"}


def _unwrapped(found: list[Leaf]) -> Iterator[Leaf]:
    """{lr: {value: 0.1}} is lr: 0.1; W&B's bookkeeping and descriptions are left out."""
    for leaf in found:
        if len(leaf.path) > 1 and leaf.path[1] == "value" and leaf.path[0] != "_wandb":
            yield Leaf((leaf.path[0], *leaf.path[2:]), leaf.value, leaf.line)


def _add_overrides(found: list[Leaf], file: str, run: RunBuilder) -> None:
    """Hydra writes its command line as a list of name=value."""
    for leaf in found:
        name, equals, value = str(leaf.value).partition("=")
        if equals:
            span = Span(file=file, first=leaf.line, last=leaf.line)
            run.config(name.lstrip("+~").replace("/", "."), parse_scalar(value), span=span, origin="command")


def _add_conda(found: list[Leaf], file: str, run: RunBuilder) -> None:
    for leaf in found:
        span = Span(file=file, first=leaf.line, last=leaf.line)
        if leaf.path[0] == "dependencies":
            add_requirement(str(leaf.value), span, run)
        elif leaf.path[0] == "variables":
            add_fact(f"env.{leaf.path[-1]}", leaf.value, span, run)
