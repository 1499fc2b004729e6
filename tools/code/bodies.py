"""The statements of one function or file in the order they are written, for checks that follow names through them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import children, walk

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, eq=False)
class Body:
    """`node` is the module, function or method; `statements` are its own, nested blocks flattened, inner scopes not."""

    file: SourceFile
    node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef
    statements: tuple[ast.stmt, ...]

    @cached_property
    def assigns(self) -> tuple[ast.Assign, ...]:
        return tuple(s for s in self.statements if isinstance(s, ast.Assign))

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """Calls in its own statements, those in comprehensions included."""
        return tuple(n for n in self.nodes if isinstance(n, ast.Call))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(n for s in self.statements for n in own_nodes(s))


@lru_cache(maxsize=1)  # every check asks for the bodies of the same trace
def bodies(trace: Trace) -> tuple[Body, ...]:
    """Every function, method and file of the project."""
    return tuple(
        Body(file, node, tuple(_flat(node.body)))
        for file in trace.project.files
        for node in walk(file.tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _flat(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in block:
        if isinstance(statement, _SCOPES):
            continue
        yield statement
        for name in ("body", "orelse", "finalbody"):
            yield from _flat(getattr(statement, name, []))
        for handler in getattr(statement, "handlers", []):
            yield from _flat(handler.body)


def own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement itself, without the blocks and the scopes inside it."""
    queue: list[ast.AST] = [statement]
    while queue:
        top = queue.pop(0)
        yield top
        queue += [
            child
            for child in children(top)
            if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case, *_SCOPES))
        ]


def name_words(name: str) -> frozenset[str]:
    """The words of an identifier: "X_train2" and "xTrain" both hold "train"."""
    spaced = "".join(f"_{c}" if c.isupper() else c if c.isalpha() else "_" for c in name)
    return frozenset(w for w in (*spaced.lower().split("_"), *name.lower().split("_")) if w)


# How programs call the parts of their data.
TRAIN_WORDS = frozenset({"train", "training", "tr", "trn", "xtr", "ytr", "xtrain", "ytrain", "trainset", "traindata"})
HELD_OUT_WORDS = frozenset({
    "val", "valid", "validation", "test", "te", "va", "dev", "xval", "xva", "xte", "xtest", "yval", "yva", "yte",
    "ytest", "eval", "holdout", "heldout", "valset", "testset", "tst", "vl",
})  # fmt: skip


TARGET_WORDS = frozenset({
    "y", "label", "labels", "target", "targets", "tag", "tags", "classes", "outcome", "gt", "ytr", "yva", "yte", "yval",
    "ytrain", "ytest",
})  # fmt: skip


def is_target_name(name: str) -> bool:
    """Whether a name says that it holds what is to be predicted."""
    return bool(name_words(name) & TARGET_WORDS)


def part_of(name: str) -> str:
    """ "train", "held out", or "" for the part of the data a name speaks of."""
    words = name_words(name)
    if words & HELD_OUT_WORDS:
        return "held out" if not words & TRAIN_WORDS else ""
    return "train" if words & TRAIN_WORDS else ""
