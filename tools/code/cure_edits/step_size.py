"""A smaller or larger learning rate, and a smaller batch, where the optimizer and the loader get theirs."""

from misrun.tools.code.checks.repair_syntax import given_node
from misrun.tools.code.cure_edits.numerals import set_number
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.values import number


def lower_rate(scene: Scene) -> Written | None:
    """A third of the rate (the search step of Bengio 2012, arXiv:1206.5533, section 3.1.1); a tenth where it is far
    above the usual range."""
    return _rate(scene, 1 / 10 if scene.facts.has("lr_high") else 1 / 3)


def higher_rate(scene: Scene) -> Written | None:
    """Three times the rate, the same search step."""
    return _rate(scene, 3.0)


def _rate(scene: Scene, factor: float) -> Written | None:
    """For the rate of the only optimizer of the program, where its number is known."""
    made = {id(e.node): e for e in scene.trace.events("new") if e.result.kind == "optimizer"}
    if len(made) != 1:
        return None
    event = next(iter(made.values()))
    rate = number(event.argument(1, "lr"))
    if not rate:
        return None
    new = float(f"{rate * factor:.1g}")
    said = f"{'Lower' if factor < 1 else 'Raise'} the learning rate from {rate:g} to {new:g}."
    return set_number(scene, event.argument(1, "lr"), given_node(event.node, 1, "lr"), new, said)


def half_batch(scene: Scene) -> Written | None:
    """Half the batch of the first loader, which is that of the training data."""
    for event in scene.trace.events("new"):
        size = number(event.argument(1, "batch_size")) if event.result.kind == "loader" else None
        if size and size >= 2:
            said = f"Lower the batch size from {size:g} to {size // 2:g}."
            node = given_node(event.node, 1, "batch_size")
            return set_number(scene, event.argument(1, "batch_size"), node, size // 2, said)
    return None
