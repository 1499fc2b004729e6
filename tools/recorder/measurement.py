"""One step looked at closely: gradients, how far the weights moved, learning rates."""

import math
from collections import defaultdict
from typing import Any

import torch

from misrun.tools.recorder.losses import Number, copied
from misrun.tools.recorder.norms import Norms, WeightSample, norms, total
from misrun.tools.recorder.parameters import stepped_parameters


class Measurement:
    """Begun just before an optimizer's step and finished just after it; `read` waits for the device, the rest does not.

    The gradients are those the optimizer gets: after unscaling, clipping and all accumulation. With a closure they are
    those of its last evaluation.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, *, has_closure: bool) -> None:
        self._parameters = stepped_parameters(optimizer)
        self._sample = WeightSample(self._parameters)
        self.without_gradient: list[torch.Tensor] = []
        self._gradients: Norms | None = None if has_closure else self._gradient_norms()
        # Set by GradScaler for optimizers that unscale by themselves: their gradients are still scaled.
        scale = getattr(optimizer, "grad_scale", None)
        self._scale: Number = copied(scale) if isinstance(scale, torch.Tensor) else 1.0
        self._rates = [_number(group["lr"]) for group in optimizer.param_groups if "lr" in group]
        self._moved: torch.Tensor | None = None

    def finish(self) -> None:
        self._gradients = self._gradients or self._gradient_norms()
        self._moved = self._sample.moved()
        self._sample = WeightSample(())

    def _gradient_norms(self) -> Norms:
        self.without_gradient = [p for p in self._parameters if p.requires_grad and p.grad is None]
        return norms([parameter.grad for parameter in self._parameters])

    def read(self, names: dict[int, str], *, per_layer: bool) -> tuple[dict[str, float], list[str]]:
        """The values by metric name, and the names of the parameters whose gradients are not finite."""
        found = self._gradients.read() if self._gradients else {}
        scale = float(self._scale)
        parts = {place: norm / scale for place, norm in found.items()}
        broken = [place for place, norm in parts.items() if not math.isfinite(norm)]
        named = {place: names.get(id(self._parameters[place]), f"parameter{place}") for place in parts}
        values = {
            **({"grad_norm": total(list(parts.values()))} if parts else {}),
            "nonfinite_gradient_count": float(len(broken)),
            "no_gradient_count": float(len(self.without_gradient)),
            **self._update(),
            **{"lr" if not number else f"lr/group{number}": float(rate) for number, rate in enumerate(self._rates)},
            **(_by_layer({named[place]: norm for place, norm in parts.items()}) if per_layer else {}),
        }
        return values, [named[place] for place in broken]

    def _update(self) -> dict[str, float]:
        if self._moved is None:
            return {}
        moved, weights, broken = self._moved.tolist()
        ratio = {"update_ratio": moved / weights} if weights else {}  # all weights 0: there is no ratio
        return {**ratio, "weight_norm": weights, "nonfinite_weight_count": broken}


def _number(value: Any) -> Number:
    return copied(value) if isinstance(value, torch.Tensor) else float(value)


def _by_layer(parts: dict[str, float]) -> dict[str, float]:
    """Gradient norms of modules, from those of their own parameters ("blocks.0.attn.weight" and ".bias")."""
    layers: dict[str, list[float]] = defaultdict(list)
    for name, norm in parts.items():
        layers[name.rpartition(".")[0] or name].append(norm)
    return {f"grad_norm/{layer}": total(own) for layer, own in layers.items()}
