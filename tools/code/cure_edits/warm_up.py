"""A warm-up of the learning rate where the loop has no scheduler."""

import ast

from misrun.tools.code.checks.repair_calls import library_name
from misrun.tools.code.checks.repair_places import free_name, loops_around
from misrun.tools.code.checks.repair_syntax import is_in_reach, statement_of, text_of
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site

# A tenth of the steps (Liu et al. 2019, RoBERTa, arXiv:1907.11692, table 9: 6 to 10 % of the steps).
_SHARE = 0.1


def first_tenth(scene: Scene) -> Written | None:
    """`LambdaLR` before the outermost loop of the training function and its step behind that of the optimizer."""
    steps = scene.facts.run.ending.planned_steps or scene.facts.run.ending.last_step
    if not steps or any(e.op.endswith("scheduler.step") for e in scene.trace.events()):
        return None
    length = max(1, int(_SHARE * steps))
    for training in training_loops(scene.trace):
        event = training.steps[0].event if len(training.steps) == 1 else None
        if event is None or event.op != "optimizer.step" or training.is_managed:
            continue
        file, node = event.file, event.node
        statement, loops = statement_of(file, node), loops_around(file, node)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or statement is None or not loops:
            return None
        optimizer = text_of(file, node.func.value)
        if not is_in_reach(file, optimizer, loops[0]) or len(loops) < len(event.loops()):
            return None  # the loop over epochs is in another function: the schedule would begin anew in each
        torch, needed = library_name(file, "torch")
        name = free_name(file, "warm_up")
        made = (
            f"{name} = {torch}.optim.lr_scheduler.LambdaLR({optimizer}, lambda step: min(1.0, (step + 1) / {length}))"
        )
        said = f"Warm the learning rate up over the first {length} steps."
        edits = (Edit("before", file, loops[0], made), Edit("after", file, statement, f"{name}.step()"), *needed)
        return Written(said, Site(file, loops[0]), edits)
    return None
