"""A limit on the gradient norm between backward and step."""

import ast
import math
import statistics

from misrun.tools.code.checks.repair_calls import library_name
from misrun.tools.code.checks.repair_syntax import given_node, is_in_reach, statement_of, text_of, with_keyword
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.training import TrainingLoop, training_loops
from misrun.tools.code.values import Site

# The usual limit of recurrent and transformer recipes (TrainingArguments.max_grad_norm is 1.0 by default).
_LIMIT = 1.0
_TRAINER = ("TrainingArguments", "Seq2SeqTrainingArguments", "SFTConfig", "DPOConfig", "GRPOConfig")


def norm_limited(scene: Scene) -> Written | None:
    """`clip_grad_norm_` before the optimizer's step of the first loop that steps one and does not clip."""
    limit = _limit(scene)
    for training in training_loops(scene.trace):
        if training.steps and not training.is_managed and not any(e.op == "clip_grad" for e in training.events):
            return _clipped(training, limit)
    return _by_trainer(scene, limit)


def _limit(scene: Scene) -> float:
    """Twice the median gradient norm of the first half of the run (Pascanu et al. 2013, arXiv:1211.5063, section 3.2,
    report half to ten times the usual norm as good); the usual limit where no norm was logged."""
    series = scene.facts.run.best("grad_norm")
    early = series.values[: max(1, len(series.values) // 2)] if series is not None else ()
    finite = [value for value in early if math.isfinite(value) and value > 0]
    return float(f"{2 * statistics.median(finite):.2g}") if finite else _LIMIT


def _clipped(training: TrainingLoop, limit: float) -> Written | None:
    step = training.steps[-1].event
    node = step.node
    statement = statement_of(step.file, node)
    scaled = step.op == "scaler.step"
    if statement is None or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    optimizer = text_of(step.file, node.args[0] if scaled and node.args else node.func.value)
    torch, needed = library_name(step.file, "torch")
    clip = f"{torch}.nn.utils.clip_grad_norm_({_parameters(step, training, optimizer)}, {limit:g})"
    unscale = f"{text_of(step.file, node.func.value)}.unscale_({optimizer})\n"
    unscaled = any(e.op.endswith(".unscale_") for e in training.events)
    text = (unscale if scaled and not unscaled else "") + clip
    said = f"Clip the gradient norm at {limit:g} between backward and step."
    return Written(said, Site(step.file, statement), (Edit("before", step.file, statement, text), *needed))


def _parameters(step: Event, training: TrainingLoop, optimizer: str) -> str:
    """`model.parameters()` by a name that is known at the step, else the optimizer's own groups."""
    calls = [e for e in training.events if e.op == "module()" and e.file is step.file]
    for call in calls:
        func = call.node.func if isinstance(call.node, ast.Call) else None
        if isinstance(func, ast.Name | ast.Attribute):
            named = text_of(step.file, func)
            if is_in_reach(step.file, named, step.node) and "." not in named.removeprefix("self."):
                return f"{named}.parameters()"
    return f'[p for g in {optimizer}.param_groups for p in g["params"]]'


def _by_trainer(scene: Scene, limit: float) -> Written | None:
    """Lightning's Trainer does not clip by itself; that of transformers does, unless it was told 0."""
    for event in scene.trace.events("new", "call"):
        name = event.result.class_name
        node = event.node
        if not isinstance(node, ast.Call):
            continue
        if event.result.path.startswith(("lightning", "pytorch_lightning")) and name == "Trainer":
            return _keyword(event.file, node, "gradient_clip_val", limit)
        if name in _TRAINER and given_node(node, 99, "max_grad_norm") is not None:
            return _keyword(event.file, node, "max_grad_norm", limit)
    return None


def _keyword(file: SourceFile, call: ast.Call, name: str, limit: float) -> Written | None:
    now = given_node(call, 99, name)
    if isinstance(now, ast.Constant) and now.value:
        return None
    said = f"Clip the gradient norm at {limit:g} ({name})."
    return Written(said, Site(file, call), (with_keyword(file, call, name, f"{limit:g}"),))
