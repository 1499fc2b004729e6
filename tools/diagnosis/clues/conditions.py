"""Conditions under which a signal means what a clue says, where clues of several categories ask for them."""

from misrun.tools.diagnosis.facts import Facts

# Facts of a loss that is where a model has it that knows nothing.
LITTLE_LEARNED = ("loss_hardly_falls", "loss_constant", "loss_at_chance", "loss_above_chance", "metric_at_chance")


def early(facts: Facts) -> bool:
    """The failure began in the first tenth of what was logged, or of the plan."""
    onset = min((s.step for s in facts.signals if s.step is not None), default=None)
    end = facts.run.ending.planned_steps or facts.run.ending.last_step
    return onset is not None and (end is None or onset <= 0.1 * end)


def nothing_fatal(facts: Facts) -> bool:
    return not facts.crashed and facts.root is None
