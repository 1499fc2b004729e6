"""Runs a script so that an optimizer step called before its backward is taken right after it.

Started inside the sandbox as `python run_deferred.py SCRIPT`. With the order put right from outside, what is left of a
failure has another cause.
"""

import runpy
import sys
from typing import Any

import torch


class _Deferred:
    """Holds steps back until a backward has run since the last one."""

    def __init__(self) -> None:
        self.fresh = False
        self.waiting: list[Any] = []

    def step(self, real: Any, *args: Any, **kwargs: Any) -> Any:
        if self.fresh:
            self.fresh = False
            return real(*args, **kwargs)
        self.waiting = [lambda: real(*args, **kwargs)]
        return None

    def after_backward(self) -> None:
        self.fresh = not self.waiting
        for step in self.waiting:
            step()
        self.waiting = []


def install() -> None:
    state = _Deferred()
    backward: Any = torch.Tensor.backward

    def backward_then_step(self: torch.Tensor, *args: Any, **kwargs: Any) -> None:
        backward(self, *args, **kwargs)
        state.after_backward()

    torch.Tensor.backward = backward_then_step  # type: ignore[method-assign]
    for optimizer in (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.RMSprop):
        kind: Any = optimizer
        _wrap(kind, kind.step, state)


def _wrap(kind: Any, real: Any, state: _Deferred) -> None:
    kind.step = lambda *args, **kwargs: state.step(real, *args, **kwargs)


if __name__ == "__main__":
    install()
    script = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_path(script, run_name="__main__")
