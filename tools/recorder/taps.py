"""Where the recorder listens: backward passes, loss scaling and optimizer steps of the whole process.

`torch.autograd.backward` and two methods of `torch.amp.GradScaler` are replaced while at least one observer listens
and put back afterwards; optimizer steps come through torch's own global hooks. Inside a graph that torch.compile
traces nothing is observed: what is traced stays in the compiled program.
"""

import functools
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook


class Observer(Protocol):
    """Who is told. Nothing it does may raise."""

    def on_backward(self, tensors: Any) -> None: ...  # called without gradients of its own: on losses

    def on_scaled(self, scaler: torch.amp.GradScaler, raw: Any, scaled: Any) -> None: ...

    def before_step(self, optimizer: torch.optim.Optimizer, has_closure: bool) -> None: ...

    def after_step(self, optimizer: torch.optim.Optimizer) -> None: ...

    def after_scaler_step(self, optimizer: torch.optim.Optimizer) -> None: ...


_observers: list[Observer] = []
_undo: list[Callable[[], None]] = []


def attach(observer: Observer) -> None:
    if not _observers:
        _install()
    _observers.append(observer)


def detach(observer: Observer) -> None:
    """Stop telling the observer; the last one to leave puts everything back."""
    if observer in _observers:
        _observers.remove(observer)
        if not _observers:
            while _undo:
                _undo.pop()()


def _install() -> None:
    _undo.append(replace(torch.autograd, "backward", _backward))
    _undo.append(replace(torch.amp.GradScaler, "scale", _scale))
    _undo.append(replace(torch.amp.GradScaler, "step", _scaler_step))
    _undo.append(register_optimizer_step_pre_hook(_before_step).remove)
    _undo.append(register_optimizer_step_post_hook(_after_step).remove)


def replace(owner: Any, name: str, around: Callable[..., Any]) -> Callable[[], None]:
    """Puts `around(original, ...)` in the place of an attribute; the answer puts the original back."""
    original = getattr(owner, name)
    is_inherited = name not in vars(owner)

    @functools.wraps(original)
    def replacement(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return original(*args, **kwargs)
        return around(original, *args, **kwargs)

    def undo() -> None:
        if vars(owner).get(name) is not replacement:
            return  # somebody else has wrapped it since: theirs stays, and ours below it has nobody to tell
        if is_inherited:
            delattr(owner, name)
        else:
            setattr(owner, name, original)

    setattr(owner, name, replacement)
    return undo


def _backward(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    gradients = args[1] if len(args) > 1 else kwargs.get("grad_tensors")
    if gradients is None:  # with gradients it is a part of another backward (checkpointing), or no loss
        tensors = args[0] if args else kwargs.get("tensors")
        for observer in tuple(_observers):
            observer.on_backward(tensors)
    return original(*args, **kwargs)


def _scale(original: Callable[..., Any], scaler: torch.amp.GradScaler, outputs: Any) -> Any:
    scaled = original(scaler, outputs)
    for observer in tuple(_observers):
        observer.on_scaled(scaler, outputs, scaled)
    return scaled


def _scaler_step(original: Callable[..., Any], scaler: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
    result = original(scaler, optimizer, *args, **kwargs)
    for observer in tuple(_observers):
        observer.after_scaler_step(optimizer)
    return result


def _before_step(optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not torch.compiler.is_compiling():
        has_closure = (args[1] if len(args) > 1 else kwargs.get("closure")) is not None
        for observer in tuple(_observers):
            observer.before_step(optimizer, has_closure)


def _after_step(optimizer: torch.optim.Optimizer, *_: Any) -> None:
    if not torch.compiler.is_compiling():
        for observer in tuple(_observers):
            observer.after_step(optimizer)
