"""Compares what a paper states as a choice (an optimizer, a form of a loss) with the forms that the code has."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from misrun.tools.code.implemented import layers, losses, optimization, updates
from misrun.tools.code.implemented.comments import departure_comment
from misrun.tools.code.implemented.fact import Form
from misrun.tools.code.project_model import Project
from misrun.tools.paper.compare_quantities import Settings
from misrun.tools.paper.record import Comparison, Outcome, Severity, Statement

_MOST_PLACES = 4


@dataclass(frozen=True)
class Topic:
    """`every`: one form that differs is a discrepancy, since all places should be alike; else one that agrees will do.
    `alike` groups choices that say the same."""

    title: str
    forms: Callable[[Project], Iterator[Form]]
    every: bool = False
    severity: Severity = "error"
    alike: tuple[frozenset[str], ...] = ()


_TOPICS = {
    "optimizer": Topic("optimizer", optimization.optimizers),
    "schedule": Topic("learning-rate schedule", optimization.schedules, severity="warning",
                      alike=(frozenset(("step", "exponential")),)),
    "activation": Topic("activation", layers.activations, severity="warning"),
    "norm_order": Topic("place of the norm", layers.norm_orders, every=True),
    "positional_encoding": Topic("positional encoding", layers.positions, severity="warning"),
    "attention_scale": Topic("scale of attention", layers.attention, every=True),
    "softmax_axis": Topic("axis of the softmax", layers.attention, every=True),
    "initialization": Topic("initialisation", layers.initializations, severity="warning"),
    "td_target": Topic("target", updates.td_targets, every=True),
    "advantage": Topic("residual of the advantage", updates.advantages, every=True),
    "advantage_recursion": Topic("recursion of the advantage", updates.advantages, every=True),
    "moving_average": Topic("moving average of weights", updates.moving_averages, every=True),
    "twin_minimum": Topic("two estimates of the value", updates.twin_minima, every=True),
    "advantage_normalization": Topic("advantages", updates.normalized_advantages, severity="warning"),
    "kl_direction": Topic("direction of the KL divergence", losses.divergences, every=True),
    "kl_sign": Topic("sign of the KL divergence", losses.gaussian_divergences, every=True),
    "reduction": Topic("reduction of the loss", losses.reductions),
    "quantizer_gradient": Topic("stop-gradients of the quantizer", losses.quantizer_losses, every=True),
    "target_gradient": Topic("gradient into the target", losses.target_gradients, every=True),
    "temperature_use": Topic("similarities and temperature", losses.temperatures, every=True),
    "similarity": Topic("similarity", losses.similarities, every=True),
    "symmetric_loss": Topic("directions of the contrastive loss", losses.symmetric_losses),
    "distillation_scale": Topic("scale of the distillation loss", losses.distillation_scales, every=True),
    "focal_form": Topic("focal factor", losses.focal_forms, every=True),
    "prediction_target": Topic("what is predicted", losses.prediction_targets),
}  # fmt: skip


def compare_choices(statements: Sequence[Statement], settings: Settings) -> Iterator[Comparison]:
    """One row for each topic that the paper states as its own."""
    for name, topic in _TOPICS.items():
        said = [s for s in statements if s.topic == name and s.standing == "own"]
        if said:
            forms = [form for form in topic.forms(settings.project) if form.topic == name]
            yield _compared(name, topic, said, forms, settings)


def _compared(
    name: str, topic: Topic, said: Sequence[Statement], forms: Sequence[Form], settings: Settings
) -> Comparison:
    choices = list(dict.fromkeys(statement.choice for statement in said))
    sure = [form for form in forms if form.sure or any(_agrees(topic, choice, form.choice) for choice in choices)]
    if not sure:
        missing = settings.vocabulary.where_missing(_ABSENT.get(name, ""), name)
        if missing is not None and choices != ["constant"]:
            row = _row("discrepancy", name, topic, said[0], [], "")
            return row.model_copy(
                update={"does": f"nothing of the kind: no {topic.title} anywhere", "code": (missing,)}
            )
        return _row(
            "not_verified", name, topic, said[0], forms[:1], "its form in the code was not found or not understood"
        )
    agreeing = {c: [f for f in sure if _agrees(topic, c, f.choice)] for c in choices}
    held = next((statement for statement in said if agreeing[statement.choice]), None)
    differing = [f for f in sure if not any(_agrees(topic, c, f.choice) for c in choices)]
    if held is not None and not (topic.every and differing):
        return _row("verified", name, topic, held, agreeing[held.choice][:1], "")
    if len(choices) > 1:
        return _row("ambiguous", name, topic, said[0], differing, f"the paper names several: {', '.join(choices)}")
    comment = next((text for form in differing if (text := departure_comment(settings.project, form.span))), "")
    if comment:
        return _row("departure", name, topic, said[0], differing, f'a comment says so: "{comment}"')
    if not all(form.sure for form in forms) and not topic.every:
        return _row("ambiguous", name, topic, said[0], differing, "the code has a form that could not be understood")
    return _row("discrepancy", name, topic, said[0], differing, "")


# Words of which one stands in any code that has the thing at all.
_ABSENT = {
    "schedule": "sched lr_lambda param_groups anneal lr_decay cosine decay_rate adjust_learning",
    "moving_average": "",
}


def _agrees(topic: Topic, one: str, other: str) -> bool:
    return one == other or any({one, other} <= group for group in topic.alike)


def _row(
    outcome: Outcome, name: str, topic: Topic, statement: Statement, forms: Sequence[Form], reason: str
) -> Comparison:
    return Comparison(
        outcome=outcome,
        topic=name,
        says=f"{topic.title}: {statement.choice}",
        does="; ".join(dict.fromkeys(f"{form.choice or '?'}: {form.shown}" for form in forms))[:300],
        paper=statement.place,
        code=tuple(dict.fromkeys(form.span for form in forms))[:_MOST_PLACES],
        severity=topic.severity if outcome == "discrepancy" else "note",
        reason=reason,
    )
