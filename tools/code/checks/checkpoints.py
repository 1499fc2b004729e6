"""Resuming: what a checkpoint must hold."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops

_SAVING = "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
# Without momentum there is no state to lose.
_STATELESS = ("SGD",)


def find_resume_without_optimizer(trace: Trace) -> Iterator[Problem]:
    """A branch about resuming loads the model; no optimizer state is loaded anywhere in the program."""
    for root in trace.roots:
        if not any(t.root is root and t.steps for t in training_loops(trace)):
            continue
        restores = [e for e in root if e.op.endswith(".load_state_dict")]
        optimizers = [e.result for e in root if e.op == "new" and e.result.kind == "optimizer"]
        if (
            any(e.op != "module.load_state_dict" for e in restores)
            or len(optimizers) != 1
            or not _has_state(optimizers[0].class_name, optimizers[0].kwargs)
        ):
            continue
        event = next((e for e in restores if _is_about_resuming(e)), None)
        if event is not None:
            yield Problem(
                event.site,
                f"Resuming loads the model but not the state of {optimizers[0].class_name} ({optimizers[0].site}): its "
                "moments start at 0, and the loss jumps.",
                "Save and load optimizer.state_dict() (and the scheduler's, the scaler's and the epoch) with the model.",
                0.85,
                "Compare loss and learning rate just before and after the resume.",
            )


def _has_state(name: str, kwargs: object) -> bool:
    return name not in _STATELESS or (isinstance(kwargs, dict) and "momentum" in kwargs)


def _is_about_resuming(event: Event) -> bool:
    """A branch or function around it is named after resuming: `if args.resume`, `def resume(...)`."""
    for frame in event.frame.chain():
        if frame.kind == "call" and "resume" in frame.label.lower():
            return True
        if frame.kind == "branch" and isinstance(frame.node, ast.If) and frame.label == "then":
            if "resume" in ast.unparse(frame.node.test).lower():
                return True
    return False


CHECKS = (
    Check("resume-without-optimizer", "Resuming with the model's weights alone.",
          "Adam's moments and momentum start at 0 again; schedules start over.",
          "Save and load all states.", "model_software/resume_state",
          _SAVING, "warning", "silent_bug", find_resume_without_optimizer),
)  # fmt: skip
