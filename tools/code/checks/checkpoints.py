"""Resuming: what a checkpoint must hold."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_checkpoints import optimizer_restored, scheduler_restored
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

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
                "Save and load optimizer.state_dict() (and the scheduler's, the scaler's and the epoch) with the "
                "model.",
                0.85,
                "Compare loss and learning rate just before and after the resume.",
                optimizer_restored(trace, event, optimizers[0]),
            )


def _has_state(name: str, kwargs: object) -> bool:
    return name not in _STATELESS or (isinstance(kwargs, dict) and "momentum" in kwargs)


def _is_about_resuming(event: Event) -> bool:
    """A branch or function around it is named after resuming: `if args.resume`, `def resume(...)`."""
    for frame in event.frame.chain():
        if frame.kind == "call" and "resume" in frame.label.lower():
            return True
        is_then = frame.kind == "branch" and frame.label == "then"
        if is_then and isinstance(frame.node, ast.If) and "resume" in unparsed(frame.node.test).lower():
            return True
    return False


def find_missing_after_resume(trace: Trace) -> Iterator[Problem]:
    """`if args.resume: ... else: scheduler = ...` and `scheduler.step()` afterwards."""
    for file in trace.project.files:
        for body in _bodies(file.tree):
            for at, node in enumerate(body):
                if isinstance(node, ast.If) and node.orelse and "resume" in unparsed(node.test).lower():
                    yield from _missing(trace, file, body, at, node)
    yield from find_attribute_missing_after_resume(trace)


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in walk(tree):
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                yield body


def _missing(trace: Trace, file: SourceFile, body: list[ast.stmt], at: int, node: ast.If) -> Iterator[Problem]:
    resumed, fresh = _stored(node.body), _stored(node.orelse)
    before, after = _stored(body[:at]), _read(body[at + 1 :])
    for name in sorted(set(fresh) - set(resumed) - set(before)):
        if name in after and "sched" in name.lower() and not _leaves(node.body):
            yield _missing_problem(trace, file, node, fresh[name], name, after[name].lineno)


def _missing_problem(
    trace: Trace, file: SourceFile, branch: ast.If, made: ast.Name | ast.Attribute, name: str, read: int
) -> Problem:
    return Problem(
        Site(file, made),
        f"`{name}` is built only when the run does not resume: a resumed run fails, or goes on without it, at line "
        f"{read}.",
        "Build it in both cases and load its state when resuming.",
        0.9,
        "Resume a run for one epoch.",
        _built_when_resuming(trace, file, branch, name),
    )


def _built_when_resuming(trace: Trace, file: SourceFile, branch: ast.If, name: str) -> tuple[Edit, ...]:
    made = [s for s in branch.orelse if isinstance(s, ast.Assign) and unparsed(s.targets[0]) == name]
    return scheduler_restored(trace, file, branch, made[0]) if len(made) == 1 else ()


def find_attribute_missing_after_resume(trace: Trace) -> Iterator[Problem]:
    """The same with `self.scheduler`, which other methods read."""
    for owner in trace.project.classes.values():
        held = [n for n in walk(owner.node) if isinstance(n, ast.Attribute) and "sched" in n.attr.lower()]
        for node in (n for n in walk(owner.node) if isinstance(n, ast.If)):
            if not node.orelse or "resume" not in unparsed(node.test).lower() or _leaves(node.body):
                continue
            fresh = {id(n) for s in node.orelse for n in walk(s)}
            stores = [n for n in held if isinstance(n.ctx, ast.Store)]
            made = [n for n in stores if id(n) in fresh]
            names = {unparsed(n) for n in stores if id(n) not in fresh}
            for target in made:
                name = unparsed(target)
                reads = [n for n in held if unparsed(n) == name and n not in stores and id(n) not in fresh]
                if name not in names and reads:
                    yield _missing_problem(trace, owner.file, node, target, name, reads[0].lineno)


def _stored(body: list[ast.stmt]) -> dict[str, ast.Name]:
    return {n.id: n for s in body for n in walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _read(body: list[ast.stmt]) -> dict[str, ast.Name]:
    return {n.id: n for s in body for n in walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _leaves(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Raise | ast.Continue)


CHECKS = (
    Check("resume-leaves-out-scheduler", "A scheduler built only in the branch that does not resume.",
          "The resumed run has none.",
          "Build it in both branches, then load its state.", "model_software/resume_state",
          _SAVING, "error", "silent_bug", find_missing_after_resume),
    Check("resume-without-optimizer", "Resuming with the model's weights alone.",
          "Adam's moments and momentum start at 0 again; schedules start over.",
          "Save and load all states.", "model_software/resume_state",
          _SAVING, "warning", "silent_bug", find_resume_without_optimizer),
)  # fmt: skip
