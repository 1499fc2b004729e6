"""The loss of a step, made of the scalars it was computed from."""

import weakref
from collections.abc import Iterable
from typing import Any

import torch

from misrun.tools.recorder.parameters import local_part

# A number, or a one-element tensor that is still on its device.
Number = float | torch.Tensor


class StepLoss:
    """Collects scalars between two steps: their sum (what backward was called on: the gradients add up as well) or
    their mean (what the user reported). The first scalar after a step begins a new loss."""

    def __init__(self, *, mean: bool) -> None:
        self._mean = mean
        self._sum: Number | None = None
        self._count = 0
        self._closed = False
        self.version = 0

    def add(self, value: Number) -> None:
        if self._closed or self._sum is None:
            self._sum, self._count, self._closed = value, 0, False
        else:
            self._sum = self._sum + value
        self._count += 1
        self.version += 1

    def close(self) -> None:
        """A step was made; the value stays readable for other optimizers that step on the same loss."""
        self._closed = True

    @property
    def value(self) -> Number | None:
        return self._sum / self._count if self._mean and self._sum is not None else self._sum


class Unscaled:
    """Remembers what GradScaler.scale was given, so that the loss is recorded and not the scaled one."""

    def __init__(self) -> None:
        self._pairs: list[tuple[weakref.ref[torch.Tensor], torch.Tensor]] = []

    def remember(self, raw: Any, scaled: Any) -> None:
        """Without holding on to the graph of either."""
        self._pairs = [
            (weakref.ref(after), before.detach()) for before, after in zip(_tensors(raw), _tensors(scaled), strict=True)
        ]

    def original(self, tensor: torch.Tensor) -> torch.Tensor:
        return next((before for after, before in self._pairs if after() is tensor), tensor)


def scalars(tensors: Any, unscaled: Unscaled) -> Iterable[Number]:
    """A copy of every one-element tensor that backward is called on."""
    return [copied(unscaled.original(tensor)) for tensor in _tensors(tensors) if tensor.numel() == 1]


def copied(tensor: torch.Tensor) -> Number:
    """The value itself on the CPU; elsewhere a copy that nobody waits for. A copy, because the program may go on to
    change the tensor, and CUDA graphs write the next loss into the same place."""
    tensor = local_part(tensor.detach())
    return float(tensor.item()) if tensor.device.type == "cpu" else tensor.reshape(()).to(torch.float32, copy=True)


def _tensors(value: Any) -> list[torch.Tensor]:
    """Of a tensor or a list; anything else could be used up by looking at it."""
    found = value if isinstance(value, list | tuple) else [value]
    return [tensor for tensor in found if isinstance(tensor, torch.Tensor)]
