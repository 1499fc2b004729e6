"""The state a recurrent network has read to the end, of sequences that end in padding."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import bodies
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_masks import marked_where_filled
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site, Value, ancestors, number
from misrun.tools.code.walking import unparsed, walk

_PACK = "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html"


def find_last_of_padded(trace: Trace) -> Iterator[Problem]:
    """`out, _ = gru(embedding(ids)); head(out[:, -1])` over a batch that is padded on the right."""
    padded = dict(_padding_lines(trace))
    seen: set[int] = set()
    for event in trace.events() if padded else ():
        value = event.result
        origin = _last_position(value) if value.op == "index" or event.op in ("linear", "slice") else None
        for candidate in (origin, *(_last_position(a) for a in event.args[:1])):
            if candidate is None or candidate.site is None or id(candidate.site.node) in seen:
                continue
            filled = padded.get(_folder(candidate.site.file))
            if filled is None:
                continue
            seen.add(id(candidate.site.node))
            yield Problem(
                candidate.site,
                f"The last position is read for every sequence, and shorter ones are filled up on the right ({filled}):"
                " for them it is what the network is after reading padding.",
                "Read position length - 1 of every sequence, or pack_padded_sequence, or pad on the left.",
                0.75,
                "Compare the outputs of one sequence alone and in a batch with a longer one.",
            )


def _last_position(value: Value) -> Value | None:
    """The indexing `out[:, -1]` of a recurrent layer's outputs, or `h[-1]` of its final state, not packed."""
    for _ in range(4):  # dropout, normalisation and the like between the state and the head
        if value.op == "index" and value.inputs and _takes_last(value) and _is_output(value.inputs[0]):
            return value
        if value.op in ("element", "squeeze", "index") and value.inputs and _is_final_state(value.inputs[0]):
            return value
        if not value.inputs or value.op not in ("dropout", "layer_norm", "relu", "squeeze", "contiguous", "index"):
            return None
        value = value.inputs[0]
    return None


def _takes_last(value: Value) -> bool:
    """`[:, -1]`, `[:, -1, :]`."""
    index = value.args[0] if value.args else None
    items = index.items if index is not None else None
    if not items or len(items) < 2:  # batch and time
        return False
    whole = items[0].op == "slice_index" and not items[0].kwargs
    return whole and number(items[1]) == -1


def _element(value: Value, place: int) -> Value | None:
    """x of item `place` taken out of x."""
    taken = value.op == "element" and bool(value.inputs) and bool(value.args) and number(value.args[0]) == place
    return value.inputs[0] if taken else None


def _is_output(value: Value) -> bool:
    return _reads_embedding(_element(value, 0) or value)


def _is_final_state(value: Value) -> bool:
    """h of `_, h = gru(x)` and of `_, (h, c) = lstm(x)`."""
    state = _element(value, 1)
    inner = _element(value, 0)
    state = state or (_element(inner, 1) if inner is not None else None)
    return state is not None and _reads_embedding(state)


def _reads_embedding(source: Value) -> bool:
    """A recurrent layer, of one direction and one pass, over embedded tokens that are not packed."""
    if source.op not in ("lstm", "gru", "rnn") or not source.inputs:
        return False
    below = list(ancestors(source.inputs[0], 40))
    packed = any("pack" in (v.name or v.op) for v in below)
    return not packed and any(v.op == "embedding" for v in below)


def _folder(file: SourceFile) -> str:
    return file.path.rpartition("/")[0]


def _padding_lines(trace: Trace) -> Iterator[tuple[str, str]]:
    """(folder, place) where a program fills sequences up on the right."""
    for file in trace.project.files:
        for node in walk(file.tree):
            pads = isinstance(node, ast.Call) and last_name(node.func) == "pad_sequence"
            left = isinstance(node, ast.Call) and any(k.arg == "padding_side" for k in node.keywords)
            if (pads and not left) or _fills_up(node):
                yield _folder(file), f"{file.path}:{getattr(node, 'lineno', 1)}"


def _fills_up(node: ast.AST) -> bool:
    """`ids + [0] * (n - len(ids))`, `row[:len(ids)] = ids`, `ids[i, :len(w)] = tensor(w)`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(node.right, ast.BinOp):
        times, amount = node.right.left, node.right.right
        return isinstance(times, ast.List) and isinstance(node.right.op, ast.Mult) and "len(" in unparsed(amount)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        parts = node.targets[0].slice
        cuts = [p for p in (parts.elts if isinstance(parts, ast.Tuple) else [parts]) if isinstance(p, ast.Slice)]
        return any(c.lower is None and c.upper is not None and "len(" in unparsed(c.upper) for c in cuts)
    return False


def find_mask_on_other_side(trace: Trace) -> Iterator[Problem]:
    """`ids[i, n - len(s):] = s` fills from the left, and `arange(n) < lengths` marks the left as real."""
    for body in bodies(trace):
        fills = [(a, side) for a in body.assigns if (side := _filled_side(a))]
        masks = [(n, side) for n in body.nodes if (side := _marked_side(n))]
        for assign, real in fills:
            other = next((n for n, marked in masks if marked != real), None)
            if other is not None and all(marked != real for _, marked in masks):
                yield Problem(
                    Site(body.file, other),
                    f"The sequences stand at the {real} end of their rows (line {assign.lineno}), and the mask marks "
                    "the other end as real: for short sequences the model reads padding and skips the sequence.",
                    "Mark the end where the sequences stand.",
                    0.85,
                    "Print one short row beside its mask.",
                    marked_where_filled(body.file, other),
                    (Site(body.file, assign),),
                )


def _filled_side(assign: ast.Assign) -> str:
    """ "right" for `x[i, n - len(s):] = s` and `x[i, -len(s):] = s`, "left" for `x[i, :len(s)] = s`."""
    target = assign.targets[0]
    if not isinstance(target, ast.Subscript):
        return ""
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    last = parts[-1]
    if not isinstance(last, ast.Slice):
        return ""
    if last.lower is None and last.upper is not None and _is_size(last.upper):
        return "left"
    from_end = isinstance(last.lower, ast.UnaryOp) or (
        isinstance(last.lower, ast.BinOp) and isinstance(last.lower.op, ast.Sub)
    )
    return "right" if last.upper is None and last.lower is not None and from_end and _is_size(last.lower) else ""


def _is_size(node: ast.expr) -> bool:
    text = unparsed(node).lower()
    return "len(" in text or "length" in text or ".shape" in text or ".size(" in text


def _marked_side(node: ast.AST) -> str:
    """ "left" for `arange(n) < lengths`, "right" for `arange(n) >= n - lengths`."""
    if not isinstance(node, ast.Compare) or not any(
        isinstance(n, ast.Call) and last_name(n.func) == "arange" for n in walk(node.left)
    ):
        return ""
    bound = node.comparators[0]
    if not _is_size(bound) and "len" not in unparsed(bound).lower():
        return ""
    below = isinstance(node.ops[0], ast.Lt)
    counted_back = isinstance(bound, ast.BinOp) and isinstance(bound.op, ast.Sub)
    if below:
        return "left" if not counted_back else ""
    return "right" if isinstance(node.ops[0], ast.GtE) and counted_back else ""


CHECKS = (
    Check("mask-on-other-side", "Sequences written to one end of their rows and a mask that marks the other.",
          "The model attends to padding.", "Write and mark the same end.",
          "data_pipeline/batch_collation", _PACK, "error", "data_flow", find_mask_on_other_side),
    Check("last-state-of-padding", "The last position of a recurrent network over sequences padded on the right.",
          "For short sequences it has read padding after the text.", "Read the last real position.",
          "data_pipeline/batch_collation", _PACK, "warning", "data_flow", find_last_of_padded),
)  # fmt: skip
