"""Statements that look as if they did something and do not."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_STEPS = names("step zero_grad backward unscale_ update")
_MODES = names("train eval")
_OPTIM = "https://docs.pytorch.org/docs/stable/optim.html#taking-an-optimization-step"
_EVAL = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval"
_GRAD = "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.requires_grad.html"
_MISSPELLED = names(
    "require_grad requires_grads require_grads required_grad requre_grad reqires_grad requiers_grad require_gradient"
    " requires_gradient"
)


def find_uncalled_step(trace: Trace) -> Iterator[Problem]:
    """`optimizer.step` without parentheses."""
    yield from _uncalled(trace, _STEPS, "the step is never done")


def find_uncalled_mode(trace: Trace) -> Iterator[Problem]:
    """`model.eval` without parentheses."""
    yield from _uncalled(trace, _MODES, "the mode of the model stays as it is")


def _uncalled(trace: Trace, methods: frozenset[str], effect: str) -> Iterator[Problem]:
    for file in trace.project.files:
        for node in walk(file.tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute) and node.value.attr in methods:
                text = unparsed(node.value)
                yield Problem(
                    Site(file, node),
                    f"`{text}` only names the method and does not call it: {effect}.",
                    f"`{text}()`",
                    0.95,
                    "Compare a parameter (or model.training) before and after this line.",
                    (Edit("replace", file, node.value, f"{text}()"),),
                )


def find_misspelled_flag(trace: Trace) -> Iterator[Problem]:
    """`p.require_grad = False`: Python makes a new attribute, and PyTorch never looks at it."""
    for file in trace.project.files:
        for node in walk(file.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in _MISSPELLED:
                yield Problem(
                    Site(file, node),
                    f"`{unparsed(node)}` is no attribute of PyTorch: setting it freezes and thaws nothing.",
                    f"`{unparsed(node.value)}.requires_grad`",
                    0.95,
                    "Count the parameters with requires_grad=True.",
                    (Edit("replace", file, node, f"{text_of(file, node.value)}.requires_grad"),),
                )


CHECKS = (
    Check("step-not-called", "optimizer.step, zero_grad or backward without parentheses.",
          "A method that is only named does nothing, and Python does not complain.",
          "Add the parentheses.", "model_software/step_order",
          _OPTIM, "error", "silent_bug", find_uncalled_step),
    Check("mode-not-called", "model.eval or model.train without parentheses.",
          "A method that is only named does nothing, and Python does not complain.",
          "Add the parentheses.", "model_software/train_eval_mode",
          _EVAL, "error", "silent_bug", find_uncalled_mode),
    Check("requires-grad-misspelled", "An attribute spelled almost like requires_grad.",
          "Assigning to a misspelled attribute makes a new one without effect.",
          "Spell it requires_grad.", "model_software/frozen_parameters",
          _GRAD, "error", "silent_bug", find_misspelled_flag),
)  # fmt: skip
