"""Runs a script on images so that it gets past layers and losses that refuse what they are given, and notes which did.

Started inside the sandbox as `python run_lenient.py SCRIPT`; writes lenient.json. A script with several faults of shape
ends at the first of them: with the others put right from outside, each is judged apart.
"""

import atexit
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

_needed: set[str] = set()
_channels: list[int] = []  # of the outputs of the convolutions, in the order of their calls
_GRID = 4
# Of two images with the same coarse pattern; an image whose pixels were regrouped by a reshape is far below.
_ALIKE = 0.9


def _coarse(images: torch.Tensor) -> torch.Tensor:
    """Standardised coarse patterns (n, channels * 16) of images (n, channels, height, width)."""
    flat: torch.Tensor = functional.adaptive_avg_pool2d(images.float(), _GRID).flatten(1)
    flat = flat - flat.mean(1, keepdim=True)
    return flat / flat.square().sum(1, keepdim=True).sqrt().clamp(min=1e-12)


def _known() -> torch.Tensor:
    """The coarse patterns of the images as they are stored, channels last."""
    stored = [np.load(path)["images"] for path in sorted(Path("data").glob("*.npz"))]
    return _coarse(torch.from_numpy(np.concatenate(stored)).permute(0, 3, 1, 2))


def _as_batch(x: torch.Tensor, channels: int, known: torch.Tensor) -> torch.Tensor:
    if x.dim() == 3:
        _needed.add("batch")
        x = x.unsqueeze(0)
    if x.shape[1] != channels and x.shape[-1] == channels:
        _needed.add("layout")
        return x.permute(0, 3, 1, 2).contiguous()
    if channels * _GRID**2 == known.shape[1] and float((_coarse(x[:1].detach()) @ known.T).max()) < _ALIKE:
        _needed.add("layout")
    return x


def _resized(x: torch.Tensor, features: int) -> torch.Tensor:
    """The flattened maps of the last convolution, scaled to the size that the linear layer was made for."""
    maps = x.reshape(-1, _channels[-1], *[round((x.shape[-1] / _channels[-1]) ** 0.5)] * 2)
    side = round((features / _channels[-1]) ** 0.5)
    return functional.interpolate(maps, size=(side, side), mode="bilinear", align_corners=False).flatten(1)


def _install() -> None:
    known = _known()
    conv2d, linear, cross_entropy = functional.conv2d, functional.linear, functional.cross_entropy
    view: Any = torch.Tensor.view

    def lenient_conv2d(x: torch.Tensor, weight: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        _channels.append(weight.shape[0])
        return conv2d(_as_batch(x, weight.shape[1], known), weight, *args, **kwargs)

    def lenient_linear(x: torch.Tensor, weight: torch.Tensor, *args: Any) -> torch.Tensor:
        if x.shape[-1] != weight.shape[1]:
            _needed.add("size")
            x = _resized(x, weight.shape[1])
        return linear(x, weight, *args)

    def lenient_cross_entropy(x: torch.Tensor, target: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        if target.dim() == x.dim() > 1 and not target.is_floating_point():
            _needed.add("labels")
            target = target.argmax(1)
        return cross_entropy(x, target, *args, **kwargs)

    def lenient_view(self: torch.Tensor, *shape: Any) -> torch.Tensor:
        try:
            return view(self, *shape)  # type: ignore[no-any-return]
        except RuntimeError:
            return self.reshape(*shape)

    for lenient in (lenient_conv2d, lenient_linear, lenient_cross_entropy):
        setattr(functional, lenient.__name__.removeprefix("lenient_"), lenient)
    tensor: Any = torch.Tensor
    tensor.view = lenient_view
    atexit.register(lambda: Path("lenient.json").write_text(json.dumps(sorted(_needed))))


if __name__ == "__main__":
    _install()
    script = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_path(script, run_name="__main__")
