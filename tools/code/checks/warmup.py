"""Transformers whose normalisation comes after the residual sum, trained at their full rate from the first step."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import with_keyword
from misrun.tools.code.known_numbers import known_number
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Value, alternatives, is_constant, number

_XIONG = "https://arxiv.org/abs/2002.04745"
_LAYERS = names("TransformerEncoderLayer TransformerDecoderLayer Transformer")
_STACKS = names("TransformerEncoder TransformerDecoder")
_ADAPTIVE = names("Adam AdamW NAdam RAdam")
# Xiong et al. 2020 (section 3.2) train the original order at 1e-3 only with a warm-up; ten times Adam's default is
# where small models fail too.
_HIGH, _HIGHEST = 3e-3, 1e-2
_DEEP = 4


def find_missing_warmup(trace: Trace) -> Iterator[Problem]:
    if not _option_is_off(trace) and any(_warms_up(t) for file in trace.project.files for t in file.lines):
        return
    layers = [e.result for e in trace.events("new") if e.result.class_name in _LAYERS and _is_post_norm(e.result)]
    if not layers:
        return
    depth = max((_depth(trace, e) for e in trace.events("new")), default=1.0)
    for training in training_loops(trace):
        for optimizer in {id(o): o for s in training.steps for o in alternatives(s.optimizer)[:1]}.values():
            rate = known_number(trace, optimizer.argument(1, "lr"))
            if rate is None or not _is_adaptive(trace, optimizer) or optimizer.site is None or rate < _HIGH:
                continue
            if rate >= _HIGHEST or depth >= _DEEP:
                yield Problem(
                    optimizer.site,
                    f"{optimizer.class_name or 'Adam'} takes its full rate of {rate:g} from the first step, and the "
                    f"transformer ({layers[0].site}) normalises after the residual sum, where the first gradients are "
                    "the largest.",
                    "Raise the rate from 0 over the first tenth of the steps, or norm_first=True.",
                    0.8 if rate >= _HIGHEST else 0.65,
                    "Compare loss and gradient norm of the first 100 steps with a warm-up.",
                    tuple(_normalised_first(layers)),
                    related=(layers[0].site,) if layers[0].site is not None else (),
                )


def _normalised_first(layers: list[Value]) -> Iterator[Edit]:
    """norm_first=True for every layer, with which Xiong et al. (section 4) train without a warm-up."""
    nodes = {id(v.site.node): v.site for v in layers if v.site is not None}
    for site in nodes.values():
        if isinstance(site.node, ast.Call):
            yield with_keyword(site.file, site.node, "norm_first", "True")


def _option_is_off(trace: Trace) -> bool:
    """An option for the warm-up is there, and 0 unless somebody sets it."""
    options = [
        number(event.kwargs.get("default"))
        for event in trace.events()
        if event.op.endswith(".add_argument")
        and any(isinstance(a.const, str) and "warm" in a.const.lower() for a in event.args)
    ]
    return options == [0.0]


def _warms_up(text: str) -> bool:
    """The word in code; a warm-up of 0 is none."""
    plain = text.lower().replace(" ", "").replace("-", "").replace("_", "")
    off = any(zero in plain for zero in ("warmup=0", "warmupsteps=0", "warmupratio=0", "warmupiters=0", "default=0"))
    return ("warmup" in plain and not off) or "onecyclelr" in plain


def _is_adaptive(trace: Trace, optimizer: Value) -> bool:
    """By its class or, where an option chooses the class, by what there is to choose from."""
    if optimizer.class_name:
        return optimizer.class_name in _ADAPTIVE
    return any("optim.Adam" in text for file in trace.project.files for text in file.lines)


def _is_post_norm(layer: Value) -> bool:
    position = {"Transformer": 9}.get(layer.class_name, 7)
    return not is_constant(layer.argument(position, "norm_first"), True)


def _depth(trace: Trace, event: Event) -> float:
    if event.result.class_name in _STACKS:
        return known_number(trace, event.result.argument(1, "num_layers")) or 1.0
    if event.result.class_name == "Transformer":
        return known_number(trace, event.result.argument(2, "num_encoder_layers")) or 6.0
    return 1.0


CHECKS = (
    Check("warmup-missing", "A post-norm transformer at a high rate without warm-up.",
          "Near the output layers its first gradients are large, and Adam's averages rest on a few of them.",
          "Warm up, or normalise first.", "optimization/missing_warmup",
          _XIONG, "warning", "silent_bug", find_missing_warmup),
)  # fmt: skip
