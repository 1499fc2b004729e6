"""What the last layer may put out: logits that a relu has cut off."""

from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_settings import without_activation
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import always

_CE = "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"
_LOGIT_LOSSES = ("cross_entropy", "binary_cross_entropy_with_logits")


def find_cut_logits(trace: Trace) -> Iterator[Problem]:
    """`cross_entropy(relu(linear(x)), y)`: the classes' scores cannot go below 0."""
    for event in trace.events(*_LOGIT_LOSSES):
        prediction = event.argument(0, "input")
        origin = always(prediction, "relu") if prediction is not None else None
        if origin is None or event.grad_is_off() or not origin.inputs:
            continue
        if always(origin.inputs[0], "linear", "conv2d", "conv1d", "batch_norm", "dropout") is None:
            continue
        yield Problem(
            origin.site or event.site,
            f"A relu on the logits that go to {event.op} ({event.site}): scores cannot go below 0, and a class whose "
            "score is below 0 for all samples gets no gradient any more.",
            "Leave out the activation of the last layer.",
            0.85,
            "Print the share of logits that are exactly 0.",
            without_activation(origin.site) if origin.site is not None else (),
            related=(event.site,),
        )


CHECKS = (
    Check("relu-on-logits", "A relu as the last layer before a loss on logits.",
          "The relu of a negative score is 0 and has no gradient.", "Leave it out.",
          "optimization/dead_units", _CE, "error", "silent_bug", find_cut_logits),
)  # fmt: skip
