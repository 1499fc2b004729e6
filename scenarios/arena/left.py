"""Reading what a submission left, none of which is trusted."""

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

from misrun.scenarios.arena.task import Left

# The models of the tasks have at most 300,000 parameters: 1.2 MB, three times that with Adam's state.
MOST_BYTES = 8_000_000


def loaded(left: Left, name: str) -> Any:
    """The object in a file written by torch.save, tensors and plain containers only; None where there is none."""
    import torch

    data = left.files.get(name)
    if data is None:
        return None
    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    # Whatever bytes a submission writes may fail in any layer of zipfile, pickle or torch; it then left no weights.
    except Exception:  # noqa: BLE001
        return None


def weights(found: Any, shapes: Mapping[str, tuple[int, ...]]) -> "dict[str, Tensor] | None":
    """The state dict with exactly these shapes, as dense float32; None where it is anything else."""
    import torch

    if not isinstance(found, dict) or set(found) != set(shapes):
        return None
    tensors = list(found.values())
    if not all(isinstance(t, torch.Tensor) and t.layout is torch.strided for t in tensors):
        return None
    if any(tuple(found[name].shape) != shape for name, shape in shapes.items()):
        return None
    return {name: found[name].detach().to(torch.float32).contiguous() for name in shapes}


def is_finite(state: "Mapping[str, Tensor]") -> bool:
    return all(bool(t.isfinite().all()) for t in state.values())


def reported(left: Left, file: str, key: str) -> float:
    """A number that the submission wrote about itself, to be compared with the truth; NaN where there is none."""
    try:
        value = json.loads(left.files[file])[key]
        return float(value) if isinstance(value, int | float) else float("nan")
    except (KeyError, ValueError, TypeError, RecursionError):
        return float("nan")
