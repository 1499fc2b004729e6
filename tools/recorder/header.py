"""The first line: what is trained, with which settings, where."""

import os
import platform
from collections.abc import Mapping, Sequence

import torch

from misrun.tools.recorder.parameters import stepped_parameters, unwrapped

FORMAT, VERSION = "misrun.record", 1
# What an optimizer keeps in a group beside settings.
_NO_SETTINGS = ("params", "param_names")


def rank() -> int:
    """This process among those that train together, as launchers say it (torchrun, SLURM through it)."""
    return int(os.environ.get("RANK", "0") or 0)


def header(
    model: torch.nn.Module, optimizers: Sequence[torch.optim.Optimizer], settings: Mapping[str, object]
) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "rank": rank(),
        "environment": _environment(model),
        "settings": {**_model(model), **_plain(settings)},
        "optimizers": [described(optimizer) for optimizer in optimizers],
    }


def described(optimizer: torch.optim.Optimizer) -> dict[str, object]:
    """Class, number of tensors, and the settings of every group that are plain values."""
    groups = [
        {
            "tensors": len(group["params"]),
            "elements": sum(parameter.numel() for parameter in group["params"]),
            **_plain({name: value for name, value in group.items() if name not in _NO_SETTINGS}),
        }
        for group in optimizer.param_groups
    ]
    return {"class": type(optimizer).__name__, "tensors": len(stepped_parameters(optimizer)), "groups": groups}


def _plain(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings that are numbers, text or short lists; one-element tensors (capturable optimizers) as numbers."""
    unpacked = {
        name: value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value
        for name, value in settings.items()
    }
    return {name: value for name, value in unpacked.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= 16 and all(map(_is_plain, value))  # betas, names of modules
    return value is None or isinstance(value, str | int | float)


def _model(model: torch.nn.Module) -> dict[str, object]:
    parameters = list(model.parameters())
    return {
        "model": type(unwrapped(model)).__name__,
        "n_parameters": sum(p.numel() for p in parameters),
        "trainable_parameters": sum(p.numel() for p in parameters if p.requires_grad),
        "parameter_dtypes": sorted({str(p.dtype).removeprefix("torch.") for p in parameters}),
        "sharded": any(hasattr(p, "to_local") for p in parameters),
        "compiled": hasattr(model, "_orig_mod"),
        "torch_seed": torch.initial_seed(),
    }


def _environment(model: torch.nn.Module) -> dict[str, object]:
    device = device_of(model)
    facts: dict[str, object] = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": device.type,
        "cpu_count": os.cpu_count(),
        "world_size": int(os.environ.get("WORLD_SIZE", "1") or 1),
    }
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts |= {"cuda": torch.version.cuda, "gpu": properties.name}
        facts |= {"gpu_memory_mib": properties.total_memory // 2**20}
    return facts


def device_of(model: torch.nn.Module) -> torch.device:
    """Where the first parameter is."""
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device
