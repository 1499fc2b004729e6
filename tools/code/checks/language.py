"""Targets of language models: prompts that fill the window, padding in the loss, masks made and not used."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.bodies import Body, bodies
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_padding import labels_ignored, mean_over_mask, padding_ignored
from misrun.tools.code.checks.repair_prompts import prompt_shortened
from misrun.tools.code.project_model import Function, last_name
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site, Value, ancestors, number
from misrun.tools.code.walking import unparsed, walk

_CROSS_ENTROPY = "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"
_PAD = "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html"
_DEFAULT_IGNORED = re.compile(r"ignore_index\s*=\s*-100")
_TRUNCATION = "https://huggingface.co/docs/transformers/pad_truncation"


def find_prompt_fills_window(trace: Trace) -> Iterator[Problem]:
    """`labels = [-100] * len(prompt) + answer`, later cut to `labels[:n]`: the answer is what is cut off."""
    for function in trace.project.functions.values():
        masked = dict(_masked_prompts(function.node))
        for node in walk(function.node) if masked else ():
            cut = _cut_name(node)
            if cut in masked and not _counts_kept(function):
                yield Problem(
                    Site(function.file, node),
                    f"`{cut}` starts with -100 for every token of the prompt (line {masked[cut].lineno}) and is cut "
                    "from the right here: for a long prompt no target is left, and the mean over no targets is NaN.",
                    "Shorten the prompt, not the answer; leave out samples without a target.",
                    0.85,
                    "Print the share of labels other than -100 per batch.",
                    prompt_shortened(function.file, masked[cut].value, _bound(node)),
                    (Site(function.file, masked[cut]),),
                )


def _masked_prompts(function: ast.AST) -> Iterator[tuple[str, ast.Assign]]:
    """Names of lists that begin with `[-100] * len(x)`."""
    for node in walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.BinOp):
            first: ast.expr = node.value
            while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Add):
                first = first.left
            if isinstance(first, ast.BinOp) and isinstance(first.op, ast.Mult) and _is_ignored(first.left):
                yield node.targets[0].id, node


def _is_ignored(node: ast.expr) -> bool:
    """`[-100]`, `[IGNORE_INDEX]`."""
    text = unparsed(node).lower()
    return isinstance(node, ast.List) and len(node.elts) == 1 and (text == "[-100]" or "ignore" in text)


def _cut_name(node: ast.AST) -> str:
    """x of `x[:n]`, where n is not measured from the end."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        return ""
    cut = node.slice
    if not isinstance(cut, ast.Slice) or cut.lower is not None or cut.upper is None:
        return ""
    return node.value.id if not isinstance(cut.upper, ast.UnaryOp) else ""


def _bound(node: ast.AST) -> ast.expr | None:
    """n of `x[:n]`."""
    return node.slice.upper if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) else None


def _counts_kept(function: Function) -> bool:
    """Samples without targets are looked for, or the prompt is shortened first."""
    for node in walk(function.node):
        if isinstance(node, ast.Call) and last_name(node.func) in ("all", "any"):
            return True
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            room = node.slice.upper is not None and "len(" in unparsed(node.slice.upper)
            if room or "prompt" in unparsed(node.value):
                return True
    return False


def find_padding_in_targets(trace: Trace) -> Iterator[Problem]:
    """Targets padded (pad_sequence, `tags + [0] * (n - len(tags))`) and scored by a loss that leaves nothing out."""
    for event in trace.events("cross_entropy", "nll_loss"):
        if len(event.args) < 2 or _leaves_out(event):
            continue
        padded = _padding(event.args[1])
        if padded is not None and padded.site is not None:
            made = event.callee.site if event.callee is not None else None
            yield Problem(
                made or event.site,
                f"The targets are padded ({padded.site}) and the loss counts the padding as a class to predict: it "
                "falls by learning to predict padding.",
                "ignore_index=<padding value> in the loss.",
                0.7,
                "Compute the loss over the positions that are not padding.",
                padding_ignored(trace, event, padded),
                (padded.site,),
            )


def _leaves_out(event: Event) -> bool:
    """An ignore_index, class weights, or a loss per position that is masked afterwards."""
    given = dict(event.kwargs) | (event.callee.kwargs if event.callee is not None else {})
    return bool({"ignore_index", "weight", "reduction", "reduce", "**"} & set(given)) or len(event.args) > 2


def _padding(target: Value) -> Value | None:
    """Where the target was padded; None when it is selected by a mask, or padded with the value that is ignored."""
    for value in ancestors(target, 40):
        if value.op == "index" and value.args and _is_mask(value.args[0]):
            return None
        if value.op == "pad_sequence":
            fill = value.kwargs.get("padding_value") or (value.args[2] if len(value.args) > 2 else None)
            return None if number(fill) == -100 or (fill is not None and "ignore" in fill.name.lower()) else value
        if value.op in ("masked_fill", "where", "pack_padded_sequence"):
            return None
        fill = _filled_up(value)
        if fill is not None:
            return None if number(fill) == -100 or "ignore" in fill.name.lower() else value
    return None


def _filled_up(value: Value) -> Value | None:
    """The filling of a list made up to a length: `tags + [fill] * (n - len(tags))`."""
    rest = value.inputs[1] if value.op == "add" and len(value.inputs) == 2 else None
    if rest is None or rest.op != "mul" or len(rest.inputs) != 2:
        return None
    items, missing = rest.inputs[0].items, rest.inputs[1]
    to_length = missing.op == "sub" and any(v.op == "len" for v in missing.inputs)
    return items[0] if items is not None and len(items) == 1 and to_length else None


def _is_mask(index: Value) -> bool:
    return index.op in ("compare", "ne", "gt", "invert", "bool", "nonzero", "and") or "mask" in index.name.lower()


def find_padded_labels(trace: Trace) -> Iterator[Problem]:
    """`labels = input_ids.clone()` of a tokenizer that pads, with no -100 anywhere."""
    for file in trace.project.files:
        pads = [n for n in walk(file.tree) if isinstance(n, ast.Call) and _pads(n)]
        # The loss's own default says nothing about what the labels hold.
        text = _DEFAULT_IGNORED.sub("", "\n".join(file.lines))
        if not pads or "-100" in text or "ignore" in text.lower() or "DataCollator" in text:
            continue
        for node in walk(file.tree):
            if isinstance(node, ast.Assign) and _copies_ids(node):
                yield Problem(
                    Site(file, node),
                    f"The labels are a copy of the input ids, padding included (padded at line {pads[0].lineno}): the "
                    "loss counts every padding token.",
                    "Set the labels to -100 where attention_mask is 0.",
                    0.7,
                    "Print the share of labels other than -100 against the share of real tokens.",
                    labels_ignored(file, node),
                )


def _pads(call: ast.Call) -> bool:
    """`tokenizer(text, padding="max_length")`."""
    names = {k.arg: k.value for k in call.keywords}
    value = names.get("padding")
    return isinstance(value, ast.Constant) and value.value in ("max_length", True, "longest")


def _copies_ids(node: ast.Assign) -> bool:
    """`x["labels"] = x["input_ids"].copy()`, `labels = ids["input_ids"].clone()`."""
    target, value = unparsed(node.targets[0]), unparsed(node.value)
    is_labels = target.strip("\"']").endswith("labels")
    plain = value.removesuffix(".clone()").removesuffix(".copy()").removesuffix("[:]").strip("\"']")
    return is_labels and plain.endswith("input_ids") and "[" + "1:" not in value


def find_unused_mask(trace: Trace) -> Iterator[Problem]:
    """`mask = y != PAD`, or `for x, y, mask in loader`, where a loss is computed and the mask is never read."""
    for body in bodies(trace):
        if not _computes_loss(body):
            continue
        for node, name in _masks_bound(body):
            reads = [n for n in walk(body.node) if isinstance(n, ast.Name) and n.id == name]
            if all(isinstance(n.ctx, ast.Store) for n in reads):
                yield Problem(
                    Site(body.file, node),
                    f"`{name}` marks the positions that count and is never read: the loss averages over padding too.",
                    "Multiply the loss per position by the mask and divide by its sum, or use ignore_index.",
                    0.6,
                    "Compute the loss over the positions that are not padding.",
                    mean_over_mask(body.nodes, body.file, node) if isinstance(node, ast.Assign) else (),
                )


def _masks_bound(body: Body) -> Iterator[tuple[ast.stmt, str]]:
    """Padding masks that are computed, and masks that come with a batch."""
    for statement in body.statements:
        if isinstance(statement, ast.Assign) and _is_padding_mask(statement):
            yield statement, unparsed(statement.targets[0])
        target = statement.target if isinstance(statement, ast.For) else None
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call | ast.Name):
            target = statement.targets[0]
        if isinstance(target, ast.Tuple) and len(target.elts) > 2:  # inputs, targets and their mask
            yield from ((statement, e.id) for e in target.elts if isinstance(e, ast.Name) and "mask" in e.id.lower())


def _is_padding_mask(node: ast.Assign) -> bool:
    """`mask = (y != pad)` or `mask = y.ne(0)`, casts allowed."""
    if not isinstance(node.targets[0], ast.Name) or "mask" not in node.targets[0].id.lower():
        return False
    compares = [n for n in walk(node.value) if isinstance(n, ast.Compare) and isinstance(n.ops[0], ast.NotEq)]
    calls = [n for n in walk(node.value) if isinstance(n, ast.Call) and last_name(n.func) in ("ne", "not_equal")]
    return bool(compares or calls)


def _computes_loss(body: Body) -> bool:
    words = ("loss", "criterion", "cross_entropy")
    called = [last_name(c.func).lower() for c in body.calls]
    return any(name in ("ce", "bce", "nll", "xent", "mse") or any(word in name for word in words) for name in called)


CHECKS = (
    Check("prompt-fills-window", "Targets masked for the prompt and then cut from the right.",
          "The prompt comes first; what is cut is the answer.", "Shorten the prompt, keep the answer.",
          "data_pipeline/masked_targets", _TRUNCATION, "error", "data_flow", find_prompt_fills_window),
    Check("padding-in-targets", "Padded targets in a cross entropy without ignore_index.",
          "Padding is a class like any other unless it is ignored.", "Pass ignore_index.",
          "data_pipeline/padding_in_loss", _PAD, "warning", "data_flow", find_padding_in_targets),
    Check("padded-labels", "Labels copied from padded input ids.",
          "transformers ignores labels of -100 only.", "Set labels to -100 where there is padding.",
          "data_pipeline/padding_in_loss", _CROSS_ENTROPY, "warning", "data_flow", find_padded_labels),
    Check("mask-unused", "A padding mask that is made and never used.",
          "The loss averages over padding.", "Use the mask.",
          "data_pipeline/padding_in_loss", _CROSS_ENTROPY, "warning", "data_flow", find_unused_mask),
)  # fmt: skip
