"""Which parameters of the model some optimizer steps, and which it does not."""

from collections import Counter
from collections.abc import Sequence

import torch

from misrun.tools.recorder.parameters import parameter_names, stepped_parameters, unwrapped

# Names that are written out of a list; the count tells the rest.
NAMED = 8


def membership(model: torch.nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> dict[str, object]:
    """What does not fit together, each as {"count", "elements", "names"} (the first NAMED names), only what occurs:

    `no_optimizer`: requires a gradient, and no optimizer has it. `stale`: an optimizer has it, the model does not (the
    optimizer was made before the model changed). `frozen`: an optimizer has it, and it requires no gradient.
    `repeated`: two optimizers have it.
    """
    names = parameter_names(model)
    stepped = [parameter for optimizer in optimizers for parameter in stepped_parameters(optimizer)]
    times = Counter(map(id, stepped))
    once = list({id(parameter): parameter for parameter in stepped}.values())
    found: dict[str, list[torch.Tensor]] = {
        "no_optimizer": [p for p in unwrapped(model).parameters() if p.requires_grad and id(p) not in times],
        "stale": [p for p in once if id(p) not in names],
        "frozen": [p for p in once if not p.requires_grad],
        "repeated": [p for p in once if times[id(p)] > 1],
    }
    return {kind: _listed(parameters, names) for kind, parameters in found.items() if parameters}


def membership_key(model: torch.nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> int:
    """A number that changes with what `membership` depends on."""
    own = tuple((id(parameter), parameter.requires_grad) for parameter in model.parameters())
    return hash((own, tuple(tuple(map(id, stepped_parameters(optimizer))) for optimizer in optimizers)))


def _listed(parameters: Sequence[torch.Tensor], names: dict[int, str]) -> dict[str, object]:
    described = [names.get(id(p), f"tensor of shape {tuple(p.shape)}") for p in parameters[:NAMED]]
    return {"count": len(parameters), "elements": sum(p.numel() for p in parameters), "names": described}


def modes(model: torch.nn.Module) -> dict[str, object]:
    """Whether the model trains, and which of its modules do not go along with it."""
    inner = unwrapped(model)
    others = [name for name, module in inner.named_modules() if module.training != inner.training]
    return {"training": inner.training, "others": len(others), "names": others[:NAMED]}
