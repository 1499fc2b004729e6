"""Ids that fall outside the table they index."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import part_of
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Class, last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_GROWING = {"append", "extend", "insert", "add", "update", "setdefault"}


def find_fallback_outside(trace: Trace) -> Iterator[Problem]:
    """A class whose length is that of its table, and whose id for unknown entries is that length: one past the end."""
    spare = _sized_one_larger(trace)
    for owner in trace.project.classes.values():
        table = _table_of_length(owner)
        for assignment, name in _ids_of_length(owner, table) if table else ():
            if not _grows_after(owner, assignment, table) and _is_fallback(owner, name):
                yield Problem(
                    Site(owner.file, assignment),
                    f"{name} is len({table}), one past the last id, and stands for unknown entries; len() of this"
                    f" class is len({table}) too, so an embedding of that size has no row for it.",
                    "Give the unknown entry a place in the table before its length is taken.",
                    0.4 if spare else 0.85,
                    "Compare the largest id of an encoded batch with num_embeddings.",
                    _unknown_row(owner, assignment, table) if not spare else (),
                )


def _unknown_row(owner: Class, assignment: ast.Assign, table: str) -> tuple[Edit, ...]:
    """An entry of its own for the unknown, below the line that takes the length; a list or dictionary grows by one."""
    made = [
        n.value for n in walk(owner.node) if isinstance(n, ast.Assign) and table in {unparsed(t) for t in n.targets}
    ]
    name = text_of(owner.file, assignment.targets[0])
    if made and all(isinstance(v, ast.Dict | ast.DictComp) for v in made):
        return (Edit("after", owner.file, assignment, f'{table}["<unk>"] = {name}'),)
    if made and all(isinstance(v, ast.List | ast.ListComp) or _makes_list(v) for v in made):
        return (Edit("after", owner.file, assignment, f'{table}.append("<unk>")'),)
    return ()


def _makes_list(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("list", "sorted")


def _table_of_length(owner: Class) -> str:
    """The attribute whose length `__len__` returns, such as "self.itos"; empty when there is none."""
    length = owner.methods.get("__len__")
    returns = [n for n in walk(length.node) if isinstance(n, ast.Return)] if length else []
    return _measured(returns[0].value) if len(returns) == 1 and returns[0].value else ""


def _measured(node: ast.expr) -> str:
    """The text of x in `len(x)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and node.args:
        return unparsed(node.args[0])
    return ""


def _ids_of_length(owner: Class, table: str) -> Iterator[tuple[ast.Assign, str]]:
    """Assignments `self.name = len(table)` in the class."""
    for node in walk(owner.node):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and _measured(node.value) == table:
            target = node.targets[0]
            if isinstance(target, ast.Attribute):
                yield node, unparsed(target)


def _grows_after(owner: Class, assignment: ast.Assign, table: str) -> bool:
    """Whether the table gets another entry on a later line of the class: then the id is inside after all."""
    return any(_grows(node, table) and getattr(node, "lineno", 0) > assignment.lineno for node in walk(owner.node))


def _grows(node: ast.AST, table: str) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _GROWING and unparsed(node.func.value) == table
    if isinstance(node, ast.AugAssign):
        return unparsed(node.target) == table
    stored = node.targets if isinstance(node, ast.Assign) else []
    return any(unparsed(t).startswith((f"{table}[", table + " ")) or unparsed(t) == table for t in stored)


def _is_fallback(owner: Class, name: str) -> bool:
    """Whether the id answers look-ups that miss: `d.get(key, self.unk)`, or an else, return or except with it."""
    return any(answer is not None and unparsed(answer) == name for answer in _answers_to_a_miss(owner))


def _answers_to_a_miss(owner: Class) -> Iterator[ast.expr | None]:
    for node in walk(owner.node):
        if isinstance(node, ast.Call) and last_name(node.func) == "get" and len(node.args) == 2:
            yield node.args[1]
        elif isinstance(node, ast.IfExp):
            yield node.orelse
        elif isinstance(node, ast.Return):
            yield node.value


def _sized_one_larger(trace: Trace) -> bool:
    """Whether any file sizes something by a length plus one, which leaves room for the id."""
    return any(_adds_one_to_length(file) for file in trace.project.files)


def _adds_one_to_length(file: SourceFile) -> bool:
    return any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and isinstance(node.left, ast.Call)
        and bool(_measured(node.left))
        and isinstance(node.right, ast.Constant)
        for node in walk(file.tree)
    )


_COUNTING = names("Counter set sorted unique enumerate most_common keys")
_VOCABULARIES = names(
    "vocab vocabulary stoi word2idx token2idx word_to_idx word2id token_to_id char2idx w2i tok2id wordmap"
)
_CLASSES = names("classes class_to_idx label2id label_to_idx label_map cls2idx classes_ label2idx cat2id encoder")


def find_vocabulary_per_part(trace: Trace) -> Iterator[Problem]:
    yield from _tables_per_part(trace, _VOCABULARIES, "words", "word ids", 0.85)


def find_classes_per_part(trace: Trace) -> Iterator[Problem]:
    yield from _tables_per_part(trace, _CLASSES, "classes", "labels", 0.6)


def _tables_per_part(
    trace: Trace, named: frozenset[str], what: str, numbers: str, confidence: float
) -> Iterator[Problem]:
    """A data set that numbers its own words (or classes) in `__init__`, built once per part of the data."""
    for cls in trace.project.classes.values():
        start = cls.methods.get("__init__")
        if start is None or "__getitem__" not in cls.methods:
            continue
        read = {n.id for n in walk(start.node) if isinstance(n, ast.Name)}
        given = {a.arg for a in start.node.args.args} & read
        for node in walk(start.node):
            name = last_name(node.targets[0]) if isinstance(node, ast.Assign) else ""
            if name in named and not given & named and isinstance(node, ast.Assign) and _numbers_rows(node.value):
                parts = {part for part in _parts_built(trace, cls) if part}
                if len(parts) == 2 and not _is_shared(trace, name):  # training and held out
                    yield Problem(
                        Site(cls.file, node),
                        f"Every {cls.name} numbers its own {what}; the training and the held-out part get different "
                        f"{numbers} for the same {what}.",
                        f"Number the {what} once, on the training part, and hand the table to the other parts.",
                        confidence,
                        "Print the table of both parts.",
                    )


def _numbers_rows(value: ast.expr) -> bool:
    """`{w: i for i, w in enumerate(sorted(set(...)))}`, `build_vocab(texts)`; not a literal table or a loaded one."""
    calls = {last_name(n.func) for n in walk(value) if isinstance(n, ast.Call)}
    numbered = isinstance(value, ast.DictComp) and "enumerate" in calls and bool(calls & (_COUNTING - {"enumerate"}))
    return numbered or any(c.startswith(("build_vocab", "make_vocab", "create_vocab")) for c in calls)


def _parts_built(trace: Trace, cls: Class) -> Iterator[str]:
    """The parts of the data the class is built for, by the words of each construction and its target."""
    for file in trace.project.files:
        for node in walk(file.tree):
            if isinstance(node, ast.Call) and last_name(node.func) == cls.name:
                words = {part_of(n.id) for n in walk(node) if isinstance(n, ast.Name)}
                words |= {part_of(str(n.value)) for n in walk(node) if isinstance(n, ast.Constant)}
                yield next((w for w in words if w), "")
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Call)
                and last_name(node.value.func) == cls.name
            ):
                yield part_of(unparsed(node.targets[0]))


def _is_shared(trace: Trace, name: str) -> bool:
    """Whether the table of one part is set on another afterwards: `val_set.vocab = train_set.vocab`."""
    return any(
        isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Attribute) and n.targets[0].attr == name
        and unparsed(n.value).endswith(f".{name}")
        for file in trace.project.files
        for n in walk(file.tree)
    )  # fmt: skip


CHECKS = (
    Check(
        id="vocabulary-per-part",
        what="A data set that numbers its own words, built once per part of the data.",
        why="Row 17 of the embedding is one word in training and another in validation.",
        cure="Number the words once, on the training part.",
        mode="data_pipeline/vocabulary_mismatch",
        source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html",
        severity="error",
        auditor="data_flow",
        find=find_vocabulary_per_part,
    ),
    Check(
        id="classes-per-part",
        what="A data set that numbers its own classes, built once per part of the data.",
        why="A class that one part lacks shifts the numbers of all that follow.",
        cure="Number the classes once, and share the table.",
        mode="data_pipeline/label_misalignment",
        source="https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.DatasetFolder.html",
        severity="warning",
        auditor="data_flow",
        find=find_classes_per_part,
    ),
    Check(
        id="unknown-id-outside-table",
        what="An id for unknown entries that equals the length of the table it indexes.",
        why="The first unknown entry looks up a row that does not exist: IndexError, or a device-side assert.",
        cure="Put the unknown entry into the table first, or size the embedding one row larger.",
        mode="data_pipeline/vocabulary_mismatch",
        source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html",
        severity="error",
        auditor="data_flow",
        find=find_fallback_outside,
    ),
)
