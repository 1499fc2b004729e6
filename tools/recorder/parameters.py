"""Names and tensors of a model's parameters, through the wrappers of parallel and compiled training."""

from collections.abc import Iterable

import torch

# Wrappers that hold the model in `module`; their own class says nothing about what is trained.
_WRAPPERS = ("DistributedDataParallel", "DataParallel", "FullyShardedDataParallel")


def unwrapped(model: torch.nn.Module) -> torch.nn.Module:
    """The model as the user wrote it, below torch.compile and data-parallel wrappers."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and type(model).__name__ in _WRAPPERS:
            inner = model.module
        if not isinstance(inner, torch.nn.Module):
            return model
        model = inner


def parameter_names(model: torch.nn.Module) -> dict[int, str]:
    """id of the parameter -> its first name; a shared parameter appears once."""
    return {id(p): name.replace("_orig_mod.", "") for name, p in unwrapped(model).named_parameters()}


def stepped_parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def measurable(tensors: Iterable[torch.Tensor | None]) -> list[torch.Tensor | None]:
    """The tensors as norms can be taken of them, None for those without values (meta, integer); this rank's shards."""
    return [_measurable(tensor) for tensor in tensors]


def local_part(tensor: torch.Tensor) -> torch.Tensor:
    """The shard of this rank of a distributed tensor (FSDP, tensor parallel), any other tensor as it is.

    Values of the whole would need a collective call, and ranks that measure at different steps would then wait for one
    another for ever.
    """
    local: torch.Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return local


def _measurable(tensor: torch.Tensor | None) -> torch.Tensor | None:
    if tensor is None:
        return None
    local = local_part(tensor.detach())
    if local.is_sparse:  # entries that occur twice are one number
        local = local.coalesce().values()
    if local.is_meta or not local.numel() or not (local.is_floating_point() or local.is_complex()):
        return None
    return local
