"""Hyper-parameters that are off by orders of magnitude."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.known_numbers import known_number, option_default
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import parameters_of
from misrun.tools.code.values import Value, number, same

# Adam-like steps are about lr per parameter whatever the gradient (Kingma and Ba 2015, section 2.1, |step| <= lr), so
# that 0.1 moves every weight by a typical weight's size; SGD is judged by the plain step on a loss of order 1.
_HIGHEST_LR = {"sgd": 10.0, "adaptive": 0.1}
_ADAPTIVE = names("Adam AdamW NAdam RAdam Adamax RMSprop FusedAdam Adam8bit AdamW8bit Lion")
_LOWEST_LR = 1e-9  # a float32 weight of size 0.01 does not change by less (machine epsilon 1.2e-7 x 0.01)
# A dropout of 0.9 leaves one unit in ten (Srivastava et al. 2014, section A.1, found nothing beyond 0.8 of use).
_HIGHEST_DROPOUT = 0.9
# Published settings of Adam's eps end at 1e-3; RMSprop was tuned up to 1.0 (Szegedy et al. 2016).
_HIGHEST_EPS = {"RMSprop": 1.5}
_DROPOUTS = names("Dropout Dropout1d Dropout2d Dropout3d AlphaDropout")


def _news(trace: Trace, kind: str) -> Iterator[tuple[Event, Value]]:
    for event in trace.events("new"):
        if event.result.kind == kind:
            yield event, event.result


def _replace(value: Value | None, text: str) -> tuple[Edit, ...]:
    """An edit of the literal where it is written: in the call, in an assignment, as an option's default."""
    if value is not None and value.op == "attr" and len(value.args) == 1:
        value = value.args[0]
    if value is None or value.site is None or not isinstance(value.site.node, ast.Constant):
        return ()
    return (Edit("replace", value.site.file, value.site.node, text),)


def find_bad_learning_rate(trace: Trace) -> Iterator[Problem]:
    for event, optimizer in _news(trace, "optimizer"):
        given = optimizer.argument(1, "lr")
        rate, name = number(given), optimizer.class_name
        is_option = rate is None and given is not None
        if rate is None and given is not None:
            rate = option_default(trace, given)
        if rate is None or (name != "SGD" and name not in _ADAPTIVE):
            continue
        limit = _HIGHEST_LR["sgd" if name == "SGD" else "adaptive"]
        usual = "0.01" if name == "SGD" else "0.001"
        # A few free numbers (a temperature, a noise level) bear more than the weights of a network.
        # The default of an option may be overridden, and is reported only where nothing could train with it.
        if (is_option or not parameters_of(optimizer)) and rate < 1:
            continue
        if rate >= limit and _is_multiplied(trace, optimizer):
            continue
        if rate >= limit or 0 < rate < _LOWEST_LR:
            large = rate >= limit
            yield Problem(
                event.site,
                f"{name} with a learning rate of {rate:g} "
                + ("throws the weights out of any trainable region." if large else "changes no float32 weight."),
                f"A learning rate of the order of {usual}.",
                0.9 if rate >= 1 or not large else 0.7,
                "Print the loss of the first 20 steps: it must not jump.",
                _replace(given, usual),
            )


def _is_multiplied(trace: Trace, optimizer: Value) -> bool:
    """A LambdaLR gives the rate itself and takes the optimizer's as its unit (as for the first transformer)."""
    return any(
        event.result.class_name in ("LambdaLR", "NoamOpt") and any(same(a, optimizer) for a in event.args)
        for event in trace.events("new")
    )


def find_bad_dropout(trace: Trace) -> Iterator[Problem]:
    for event, layer in _news(trace, "module"):
        if layer.class_name in _DROPOUTS:
            p = known_number(trace, layer.argument(0, "p"))
            if p is not None and p >= _HIGHEST_DROPOUT:
                yield Problem(
                    event.site,
                    f"Dropout with p={p:g} removes nearly everything; p is the probability of dropping, not of "
                    "keeping.",
                    f"p={max(1 - p, 0.1):.2g}." if p < 1 else "p between 0.1 and 0.5.",
                    0.9 if p >= 0.95 else 0.75,
                    "Print the share of zeros after the layer in train mode.",
                    _replace(layer.argument(0, "p"), f"{max(1 - p, 0.1):.2g}") if p < 1 else (),
                )


def find_bad_eps(trace: Trace) -> Iterator[Problem]:
    for event, optimizer in _news(trace, "optimizer"):
        eps = known_number(trace, optimizer.kwargs.get("eps"))
        if eps is not None and optimizer.class_name in _ADAPTIVE and eps >= _HIGHEST_EPS.get(optimizer.class_name, 0.1):
            yield Problem(
                event.site,
                f"eps={eps:g} dominates the second moment: the adaptive step all but vanishes.",
                "eps of 1e-8.",
                0.7,
                "Compare the update-to-weight ratio with eps=1e-8.",
                _replace(optimizer.kwargs.get("eps"), "1e-8"),
            )
        decay = known_number(trace, optimizer.kwargs.get("weight_decay"))
        if decay is not None and decay >= 1 and optimizer.class_name != "SGD":
            yield Problem(
                event.site,
                f"weight_decay={decay:g} shrinks the weights faster than the loss can build them up.",
                "A weight decay of 0.01 (AdamW's default).",
                0.7,
                "Print the norm of the weights: it falls from step to step.",
                _replace(optimizer.kwargs.get("weight_decay"), "0.01"),
            )


_ADAM = "https://arxiv.org/abs/1412.6980"
CHECKS = (
    Check("learning-rate-off", "A literal learning rate orders of magnitude away from what can work.",
          "Adam's step is about lr per weight; SGD's is lr times the gradient.",
          "Start at 1e-3 (Adam) or 1e-2 (SGD).", "optimization/learning_rate_too_high",
          _ADAM, "error", "silent_bug", find_bad_learning_rate),
    Check("dropout-off", "Dropout that removes nearly everything.",
          "p is the probability of dropping a unit.",
          "Use 0.1 to 0.5.", "optimization/regularization",
          "https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html", "error",
          "silent_bug", find_bad_dropout),
    Check("optimizer-setting-off", "eps or weight decay of an adaptive optimizer that swamps the update.",
          "eps is added to the root of the second moment; weight decay is multiplied by the learning rate only.",
          "Use the defaults.", "optimization/optimizer_settings",
          _ADAM, "warning", "silent_bug", find_bad_eps),
)  # fmt: skip
