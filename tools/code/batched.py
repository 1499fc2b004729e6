"""Whether a value's first axis is that of the samples of a batch, as far as the way it came shows."""

from misrun.tools.code.values import Value, ancestors, number

# Layers and operations that take a batch first.
_BATCHED = ("batch", "collated", "flatten", "conv2d", "batch_norm")


def is_batched(value: Value) -> bool:
    """It comes from a batch of a loader, from a layer that needs one, or from `x.view(-1, n)`."""
    return any(_shows_batch(v) for v in ancestors(value, 200))


def _shows_batch(value: Value) -> bool:
    if value.op in _BATCHED or value.kind == "loader":
        return True
    if value.op in ("view", "reshape") and len(value.args) > 2:
        return number(value.args[1]) == -1
    return value.op == "element" and bool(value.inputs) and "loader" in value.inputs[0].name.lower()
