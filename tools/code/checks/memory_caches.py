"""Caches that only grow: nothing is ever found in them again, or everything is kept."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.memory_containers import is_emptied, receiver_text, test_of
from misrun.tools.code.checks.memory_values import GROWS, LEAK
from misrun.tools.code.checks.repair_loading import endless
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site, Value, ancestors
from misrun.tools.code.walking import unparsed, walk

_CACHES = "https://docs.python.org/3/library/functools.html#functools.lru_cache"


def find_tensor_cache(trace: Trace) -> Iterator[Problem]:
    """functools.cache on a method that is given tensors: tensors hash by identity, so no call is ever a hit."""
    for cls in trace.project.classes.values():
        for method in cls.methods.values():
            node = method.node
            if isinstance(node, ast.Lambda) or not _is_unbounded_cache(node.decorator_list):
                continue
            if any(_is_layer_input(node, a.arg) for a in node.args.args[1:]):
                yield _cached(method.file, node, [d for d in node.decorator_list if _is_unbounded_cache([d])])


def _is_unbounded_cache(decorators: list[ast.expr]) -> bool:
    for decorator in decorators:
        text = unparsed(decorator)
        if text in ("cache", "functools.cache") or ("lru_cache(" in text and "None" in text):
            return True
    return False


def _is_layer_input(function: ast.AST, parameter: str) -> bool:
    """Whether the parameter is handed to a part of the model, `self.layer(x)`."""
    calls = (n for n in walk(function) if isinstance(n, ast.Call) and unparsed(n.func).startswith("self."))
    return any(isinstance(a, ast.Name) and a.id == parameter for call in calls for a in call.args)


def _cached(file: SourceFile, node: ast.AST, caches: list[ast.expr]) -> Problem:
    return Problem(
        Site(file, node),
        "The cache keeps every input and output tensor with its graph: tensors hash by identity, so nothing is "
        "ever found again and nothing let go.",
        "Drop the cache, or key it by something that repeats and bound its size.",
        0.85,
        GROWS,
        tuple(Edit("delete", file, cache) for cache in caches),
    )


# What runs once per sample or batch, itself or in the methods that it calls.
_PER_SAMPLE = names("__getitem__ forward __call__")


def find_unbounded_mapping(trace: Trace) -> Iterator[Problem]:
    """A dictionary filled in __getitem__ or forward under keys that hardly repeat."""
    seen: set[int] = set()
    for event in trace.events("set[]"):
        labels = {f.label for f in event.frame.chain() if f.kind == "call"}
        if not labels & _PER_SAMPLE or event.receiver is None or id(event.node) in seen:
            continue
        seen.add(id(event.node))
        if event.receiver.kind == "mapping" and _key_varies(event.args[0]) and not _bounded_mapping(trace, event):
            yield Problem(
                event.site,
                "What is cached here gets a new key nearly every time (a drawn number, a step, an object's id): the "
                "cache only grows.",
                "Key the cache by the sample's index alone, or bound it.",
                0.75,
                "Print the length of the dictionary after every epoch: it should stop growing after the first.",
            )


_DRAWN = names("integers randint randrange uniform rand randn normal standard_normal counter")


def _key_varies(key: Value) -> bool:
    """Whether the key holds something drawn, counted or an identity."""
    return any(v.op in _DRAWN or "random" in v.name or v.name == "id" for v in ancestors(key, 30))


def _bounded_mapping(trace: Trace, event: Event) -> bool:
    if not receiver_text(event).startswith("self."):
        return True  # made in the call, gone after it
    in_test = any(f.kind == "branch" and "len(" in test_of(f.node) for f in event.frame.chain())
    return in_test or is_emptied(trace.project, event, None)


def find_cycle(trace: Trace) -> Iterator[Problem]:
    """itertools.cycle over a loader: it keeps every batch of the first pass, and repeats those."""
    for event in trace.events("itertools.cycle"):
        if event.args and event.args[0].kind == "loader":
            yield Problem(
                event.site,
                "itertools.cycle keeps all batches of the first pass in memory, and every later pass repeats them, "
                "neither shuffled nor augmented anew.",
                "A generator that starts the loader again: `while True: yield from loader`.",
                0.6,
                GROWS,
                endless(event.site),
            )


CHECKS = (
    Check("cache-on-tensors", "An unbounded functools cache on a method that is given tensors.",
          "Tensors hash by identity: every call is a miss and everything is kept.",
          "Drop the cache.", LEAK, _CACHES, "error", "silent_bug", find_tensor_cache),
    Check("cache-never-hit", "A dictionary cache whose keys hardly repeat.",
          "The cache grows with every sample drawn.",
          "Key it by the sample's index.", LEAK, _CACHES, "warning", "data_flow", find_unbounded_mapping),
    Check("cycle-keeps-batches", "itertools.cycle over a data loader.",
          "cycle saves a copy of each element: the whole data set, batch by batch, on the host or the device.",
          "Start the loader anew in a generator.", LEAK,
          "https://docs.python.org/3/library/itertools.html#itertools.cycle", "error", "data_flow", find_cycle),
)  # fmt: skip
