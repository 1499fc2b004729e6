"""All repairs, in the order they are tried: what ends the run first, then what was seen, then what was read."""

from misrun.tools.repair.arithmetic import bounded_logs
from misrun.tools.repair.memory import detached_sum
from misrun.tools.repair.multi_label import every_label_above_threshold, independent_labels
from misrun.tools.repair.optimizers import only_trainable, usual_rate
from misrun.tools.repair.patches import patched
from misrun.tools.repair.repair import Clues, Repair, Rule
from misrun.tools.repair.rewrite import parses
from misrun.tools.repair.shapes import batch_of_one, channels_first, class_indices, linear_width, reshaped
from misrun.tools.repair.splitting import split_first

RULES: tuple[Rule, ...] = (
    channels_first,
    batch_of_one,
    linear_width,
    class_indices,
    reshaped,
    # Before `independent_labels`, which changes what the losses were seen to get.
    every_label_above_threshold,
    independent_labels,
    usual_rate,
    bounded_logs,
    detached_sum,
    only_trainable,
    split_first,
    patched,
)


def next_repair(clues: Clues) -> Repair | None:
    """The first repair that applies and leaves a script that parses."""
    for rule in RULES:
        repair = rule(clues)
        if repair is not None and repair.code != clues.code and parses(repair.code):
            return repair
    return None
