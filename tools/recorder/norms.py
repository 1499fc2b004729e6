"""Norms of gradients, and how far one step moved the weights."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from misrun.tools.recorder.parameters import measurable

# Entries of each parameter that are copied to see how far a step moved it. A mean square over n entries has a relative
# error of about sqrt(2 / n): 2 % of the norm for one parameter, less for the whole model.
SAMPLE = 4096
_HALF = (torch.float16, torch.bfloat16)


class Norms(NamedTuple):
    """Euclidean norms of some of a list of tensors: `places` in that list, and one number for each on the device."""

    places: tuple[int, ...]
    values: torch.Tensor

    def read(self) -> dict[int, float]:
        """Place -> norm. Waits for the device."""
        return dict(zip(self.places, self.values.tolist(), strict=True))


@torch.no_grad()
def norms(tensors: Sequence[torch.Tensor | None]) -> Norms:
    """The norms of all tensors that have values, computed where they are, without waiting.

    Half precision is added up in float32: its own range ends at 65504.
    """
    found = [(place, tensor) for place, tensor in enumerate(measurable(tensors)) if tensor is not None]
    half = [item for item in found if item[1].dtype in _HALF]
    full = [item for item in found if item[1].dtype not in _HALF]
    values = [
        *(torch._foreach_norm([tensor for _, tensor in half], 2, dtype=torch.float32) if half else ()),
        *(torch._foreach_norm([tensor for _, tensor in full], 2) if full else ()),
    ]
    places = tuple(place for place, _ in (*half, *full))
    if not values:
        return Norms((), torch.zeros(0))
    device = values[0].device
    return Norms(places, torch.stack([value.to(device, torch.float32) for value in values]))


def total(parts: Sequence[float]) -> float:
    """The norm of the whole from the norms of its parts."""
    return math.sqrt(math.fsum(part * part for part in parts)) if all(map(math.isfinite, parts)) else _worst(parts)


def _worst(parts: Sequence[float]) -> float:
    return math.nan if any(map(math.isnan, parts)) else math.inf


class WeightSample:
    """A copy of some weights before a step, to be compared with those after it.

    Every parameter gives SAMPLE entries at equal distances (all, when it has fewer), and counts by its size.
    """

    @torch.no_grad()
    def __init__(self, parameters: Sequence[torch.Tensor]) -> None:
        self._parameters = parameters
        self._before = [_entries(p).clone() for p in _with_values(parameters)]

    @torch.no_grad()
    def moved(self) -> torch.Tensor:
        """(||weights after - before||, ||weights before||, parameters whose entries are not all finite after): shape
        (3,), on the device; the norms are estimates over all parameters."""
        parameters = _with_values(self._parameters)  # once more: a step may have put other tensors into their place
        if not parameters:
            return torch.zeros(3)
        after = [_entries(p) for p in parameters]
        changes = torch._foreach_sub(after, self._before)
        factors = [p.numel() / len(entries) for p, entries in zip(parameters, after, strict=True)]
        broken = norms(after).values.isfinite().logical_not().sum()
        return torch.stack([_weighted(changes, factors), _weighted(self._before, factors), broken.float()])


def _with_values(parameters: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [tensor for tensor in measurable(parameters) if tensor is not None]


def _entries(tensor: torch.Tensor) -> torch.Tensor:
    flat = tensor.reshape(-1)
    return flat[:: max(1, flat.numel() // SAMPLE)]


def _weighted(parts: Sequence[torch.Tensor], factors: Sequence[float]) -> torch.Tensor:
    found = norms(parts)
    scale = torch.tensor([factors[place] for place in found.places], dtype=torch.float32)
    return (found.values.square() * scale.to(found.values.device, non_blocking=True)).sum().sqrt()
