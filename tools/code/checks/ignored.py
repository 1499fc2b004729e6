"""Targets that the loss leaves out although they are what is to be learned."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import Body, bodies
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_masks import other_places, unequal
from misrun.tools.code.checks.repair_prompts import prompt_shortened
from misrun.tools.code.gradients import differentiated
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.trace import Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site, Value, always, is_constant, number
from misrun.tools.code.walking import unparsed, walk

_TRUNCATION = "https://huggingface.co/docs/transformers/pad_truncation"
_CROSS_ENTROPY = "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"
_MASKING = (
    "https://huggingface.co/docs/transformers/main_classes/data_collator#transformers.DataCollatorForLanguageModeling"
)
# Words of programs in which class 0 (or the last one) may well stand for "nothing here".
_NOTHING = ("pad", "void", "unlabel", "ignore_label", "background", "unk", "blank", "mask_token", "<s>", "collate")


def find_ignored_class(trace: Trace) -> Iterator[Problem]:
    """`ignore_index=0` where 0 is one of the classes, in a program that speaks of no padding or background."""
    text = "\n".join(line.partition("#")[0].lower() for file in trace.project.files for line in file.lines)
    if any(word in text for word in _NOTHING):
        return
    for training in training_loops(trace):
        for event in training.events:
            if event.op not in ("cross_entropy", "nll_loss") or event.grad_is_off():
                continue
            given = event.kwargs.get("ignore_index") or (
                event.callee.kwargs.get("ignore_index") if event.callee else None
            )
            ignored, classes = number(given), _outputs(event.args[0]) if event.args else None
            if ignored is not None and ignored >= 0 and (classes is None or ignored < classes):
                made = event.callee.site if event.callee is not None and event.callee.site else event.site
                yield Problem(
                    made,
                    f"The loss leaves out class {ignored:g}, and nothing in the program says that it stands for "
                    "padding or background: the model never learns that class.",
                    "Drop ignore_index, or use a value that no class has (-100).",
                    0.7,
                    "Count the targets equal to ignore_index in one batch.",
                    _counting_all(made),
                )


def _counting_all(made: Site) -> tuple[Edit, ...]:
    """The loss without ignore_index."""
    keywords = made.node.keywords if isinstance(made.node, ast.Call) else []
    return tuple(Edit("drop", made.file, k) for k in keywords if k.arg == "ignore_index")


def _outputs(prediction: Value) -> float | None:
    origin = always(prediction, "linear", "conv2d")
    return (
        number(origin.callee.argument(1, "out_features", "out_channels"))
        if origin is not None and origin.callee
        else None
    )


def find_masked_tokens_ignored(trace: Trace) -> Iterator[Problem]:
    """`inputs[m] = MASK` and `labels[m] = -100`: the loss is over the tokens that can be read off the input."""
    for body in bodies(trace):
        stores = [(a, t) for a in body.assigns if isinstance(t := a.targets[0], ast.Subscript)]
        hidden = {unparsed(t.slice) for a, t in stores if _is_mask_token(a.value) and "mask" not in unparsed(t.value)}
        for assign, target in stores:
            if _is_ignore(assign.value) and unparsed(target.slice) in hidden:
                yield _masked_problem(body, assign, target)


def _is_mask_token(value: ast.expr) -> bool:
    """`MASK`, `mask_id`, `tokenizer.mask_token_id`, `self.mask_token`."""
    name = last_name(value).lower() if isinstance(value, ast.Name | ast.Attribute) else ""
    return name == "mask" or ("mask" in name and ("id" in name or "token" in name or "idx" in name))


def _masked_problem(body: Body, assign: ast.Assign, target: ast.Subscript) -> Problem:
    return Problem(
        Site(body.file, assign),
        "The targets are ignored exactly where the input tokens are hidden: the loss is over the tokens that can be "
        "read off the input, which is no task.",
        "Ignore the others: labels[~mask] = -100.",
        0.9,
        "Print one sample: input, labels and which labels are not -100.",
        other_places(body.file, target),
    )


def _is_ignore(value: ast.expr) -> bool:
    text = unparsed(value)
    return text == "-100" or "ignore" in text.lower()


def find_cut_after_masking(trace: Trace) -> Iterator[Problem]:
    """Prompt first, answer last, only the answer counts, and the whole is cut from the right."""
    for body in bodies(trace):
        marks = [a for a in body.assigns if _marks_prompt(a.value)]
        if not marks or _checks_what_is_left(body):
            continue
        for assign in body.assigns:
            cut = _cut(assign, {unparsed(t) for m in marks for t in m.targets})
            if cut and assign.lineno > marks[0].lineno:
                yield Problem(
                    Site(body.file, assign),
                    f"Only the part after the prompt counts in the loss (line {marks[0].lineno}) and `{cut}` is cut "
                    "from the right: for a long prompt no target is left, and the mean over no targets is NaN.",
                    "Shorten the prompt, not the answer; leave out samples without a target.",
                    0.4,
                    "Print the share of labels other than -100 per batch.",
                    prompt_shortened(body.file, marks[0].value, _bound(assign, cut)),
                    (Site(body.file, marks[0]),),
                )
                break


def _marks_prompt(value: ast.expr) -> bool:
    """`[0] * len(prompt) + [1] * len(answer)`: what counts is told by a list of flags."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add):
        return False
    left, right = value.left, value.right
    zero = isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult) and unparsed(left.left) in ("[0]", "[False]")
    one = isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult) and unparsed(right.left) in ("[1]", "[True]")
    return zero and one


def _cut(assign: ast.Assign, marked: set[str]) -> str:
    """The flags cut by `mask = mask[:n]`, also in `ids, mask = ids[:n], mask[:n]`."""
    for node in walk(assign.value):
        if isinstance(node, ast.Subscript) and unparsed(node.value) in marked and isinstance(node.slice, ast.Slice):
            upper = node.slice.upper
            if node.slice.lower is None and upper is not None and not isinstance(upper, ast.UnaryOp):
                return unparsed(node.value)
    return ""


def _bound(assign: ast.Assign, name: str) -> ast.expr | None:
    """n of `name[:n]`."""
    for node in walk(assign.value):
        if isinstance(node, ast.Subscript) and unparsed(node.value) == name and isinstance(node.slice, ast.Slice):
            return node.slice.upper
    return None


def _checks_what_is_left(body: Body) -> bool:
    """Samples without targets are looked for, or the prompt is cut to the room the answer leaves."""
    shortened = any(isinstance(a.value, ast.Subscript) and "len(" in unparsed(a.value.slice) for a in body.assigns)
    return shortened or any(last_name(c.func) in ("any", "all", "sum") for c in body.calls)


def find_padding_selected(trace: Trace) -> Iterator[Problem]:
    """`(loss * (target == PAD)).sum()`: the mask keeps the padding and drops the rest."""
    for _, values in differentiated(trace):
        for product in (v for v in values if v.op == "mul"):
            sides = product.inputs[:2]
            selected = any(_is_per_position(a) and _selects_padding(b) for a in sides for b in sides if a is not b)
            if selected and product.site is not None:
                yield Problem(
                    product.site,
                    "The mask is 1 where the target is padding: the loss counts the padding and nothing else.",
                    "Compare with != (or ne) in place of ==.",
                    0.85,
                    "Print the mask beside one target.",
                    _other_mask(sides),
                )


def _other_mask(sides: tuple[Value, ...]) -> tuple[Edit, ...]:
    """The mask's comparison turned round, at the place where it is made."""
    for mask in (b for a in sides for b in sides if a is not b and _is_per_position(a) and _selects_padding(b)):
        origin = _uncast(mask)
        return unequal(origin.site) if origin.site is not None else ()
    return ()


def _is_per_position(value: Value) -> bool:
    while value.op in ("view", "reshape", "view_as", "squeeze") and value.inputs:
        value = value.inputs[0]
    given = value.kwargs.get("reduction") or (value.callee.kwargs.get("reduction") if value.callee else None)
    return value.op in ("cross_entropy", "nll_loss", "mse_loss", "l1_loss") and is_constant(given, "none")


def _uncast(mask: Value) -> Value:
    while mask.op in ("float", "to", "type", "view", "reshape", "type_as", "double") and mask.inputs:
        mask = mask.inputs[0]
    return mask


def _selects_padding(mask: Value) -> bool:
    mask = _uncast(mask)
    node = mask.site.node if mask.site is not None else None
    text = unparsed(node) if isinstance(node, ast.Compare | ast.Call) else ""
    equal = isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq)
    return (equal or ".eq(" in text) and "pad" in text.lower()


CHECKS = (
    Check("ignored-class", "ignore_index set to a class that occurs.",
          "The loss never counts that class.", "Use a value outside of the classes.",
          "data_pipeline/masked_targets", _CROSS_ENTROPY, "warning", "data_flow", find_ignored_class),
    Check("masked-tokens-ignored", "Labels ignored where the tokens are hidden.",
          "What is left in the loss can be copied from the input.", "Ignore the tokens that are not hidden.",
          "data_pipeline/masked_targets", _MASKING, "error", "data_flow", find_masked_tokens_ignored),
    Check("cut-after-masking", "A prompt that does not count, in front of an answer that is cut off.",
          "A sample without a target gives NaN.", "Cut the prompt.",
          "data_pipeline/masked_targets", _TRUNCATION, "warning", "data_flow",
          find_cut_after_masking),
    Check("padding-selected", "A loss multiplied by the mask of the padding.",
          "Everything but the padding is dropped.", "Turn the mask around.",
          "data_pipeline/masked_targets", _CROSS_ENTROPY, "error", "data_flow", find_padding_selected),
)  # fmt: skip
