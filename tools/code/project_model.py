"""One model of the user's project shared by all checks: files, imports, functions, classes."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from misrun.tools.code.names import names
from misrun.tools.code.source import SourceFile, read_sources
from misrun.tools.code.walking import children, walk

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


# A project's folder `x/torch` is not what `import torch` means.
_LIBRARIES = names(
    "torch torchvision torchaudio numpy scipy sklearn pandas transformers accelerate deepspeed lightning"
    " pytorch_lightning tensorflow keras jax flax optax timm einops random os sys json math copy typing logging time"
)


@dataclass(frozen=True, eq=False, slots=True)
class Function:
    """A function, method or lambda of the project."""

    name: str
    node: FunctionNode
    file: SourceFile
    owner: "Class | None" = None

    @property
    def decorators(self) -> list[ast.expr]:
        return [] if isinstance(self.node, ast.Lambda) else self.node.decorator_list

    def has_decorator(self, *names: str) -> bool:
        """Whether a decorator's last name part is one of `names` (`@property`, `@torch.no_grad()`, ...)."""
        return any(last_name(node) in names for node in self.decorators)


@dataclass(eq=False)
class Class:
    """A class of the project; `methods` are those written in its own body."""

    name: str
    node: ast.ClassDef
    file: SourceFile
    methods: dict[str, Function] = field(default_factory=dict)


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name, seen through a call: `torch.no_grad()` gives "no_grad"."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True)
class Project:
    """All readable files below `root`; `skipped` holds (file, reason) for the others."""

    root: Path
    files: tuple[SourceFile, ...]
    skipped: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, root: Path, files: Sequence[str] | None = None) -> "Project":
        sources, skipped = read_sources(root, files)
        return cls(root, tuple(sources), tuple(skipped))

    @cached_property
    def by_module(self) -> dict[str, SourceFile]:
        return {file.module: file for file in self.files}

    @cached_property
    def _by_suffix(self) -> dict[str, SourceFile | None]:
        """Files by every dotted ending of their module name; None where two files share the ending."""
        found: dict[str, SourceFile | None] = {}
        for file in self.files:
            parts = file.module.split(".")
            for start in range(len(parts)):
                suffix = ".".join(parts[start:])
                found[suffix] = None if suffix in found else file
        return found

    def find_module(self, name: str, importer: SourceFile) -> SourceFile | None:
        """The project's file behind `import name` in `importer`: a sibling, else an absolute, else a unique path."""
        if name.partition(".")[0] in _LIBRARIES and name not in self.by_module:
            return None
        folder = importer.module.rpartition(".")[0] if not importer.path.endswith("__init__.py") else importer.module
        for candidate in ([f"{folder}.{name}"] if folder else []) + [name]:
            if candidate in self.by_module:
                return self.by_module[candidate]
        return self._by_suffix.get(name)

    def relative_module(self, importer: SourceFile, level: int, name: str | None) -> str:
        """The absolute name of `from ..name import x` (level 2)."""
        parts = importer.module.split(".")
        if not importer.path.endswith("__init__.py"):
            parts = parts[:-1]
        parts = parts[: len(parts) - (level - 1)] if level > 1 else parts
        return ".".join([*parts, name] if name else parts)

    @cached_property
    def functions(self) -> dict[int, Function]:
        """Every function and method by the id() of its node."""
        return {id(f.node): f for file in self.files for f in _functions(file)}

    @cached_property
    def classes(self) -> dict[int, Class]:
        """Every class by the id() of its node."""
        found: dict[int, Class] = {}
        for function in self.functions.values():
            if function.owner:
                found[id(function.owner.node)] = function.owner
        for file in self.files:
            for node in walk(file.tree):
                if isinstance(node, ast.ClassDef) and id(node) not in found:
                    found[id(node)] = Class(node.name, node, file)
        return found


def _functions(file: SourceFile) -> Iterator[Function]:
    stack: list[tuple[ast.AST, Class | None]] = [(file.tree, None)]
    while stack:
        node, owner = stack.pop()
        for child in children(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                function = Function(child.name, child, file, owner)
                if owner:
                    owner.methods.setdefault(child.name, function)
                yield function
                stack.append((child, None))
            elif isinstance(child, ast.ClassDef):
                stack.append((child, Class(child.name, child, file)))
            elif isinstance(child, ast.stmt | ast.ExceptHandler):
                stack.append((child, owner))
