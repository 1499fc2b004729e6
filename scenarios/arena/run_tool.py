"""Carries out one debugging tool in the sandbox: reads request.json, writes answer.json, sends errors to stderr.txt.

Started as `python run_tool.py` in a folder with the task's train.py and its example data.
"""

import contextlib
import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_MOST_CHARACTERS = 400
_MOST_EXPRESSIONS = 10
_MOST_STEPS = 50


class _Enough(BaseException):
    """The steps that were asked for have been taken. Not an Exception, so that a script's own handlers let it pass."""


def _executed(code: str) -> dict[str, Any]:
    """The names that the code leaves; it runs as the main program."""
    module = type(sys)("__main__")
    module.__dict__["__file__"] = "train.py"
    sys.modules["__main__"] = module
    exec(compile(code, "train.py", "exec"), module.__dict__)
    return module.__dict__


def snippet(request: dict[str, Any]) -> dict[str, Any]:
    _executed(request["code"])
    return {}


def inspect(request: dict[str, Any]) -> dict[str, Any]:
    names = _executed(request["setup_code"])
    value = eval(request["target_expression"], names)
    return _of_tensor(value) if hasattr(value, "requires_grad") else _of_value(value)


def _of_tensor(tensor: Any) -> dict[str, Any]:
    import torch

    plain = tensor.detach()
    numbers = plain.double() if not plain.is_complex() else plain.abs()
    some = plain.numel() > 0
    return {
        "shape": list(plain.shape),
        "dtype": str(plain.dtype),
        "requires_grad": bool(tensor.requires_grad),
        "grad_is_none": not tensor.is_leaf or tensor.grad is None,
        "min_val": float(numbers.min()) if some else None,
        "max_val": float(numbers.max()) if some else None,
        "mean_val": float(numbers.mean()) if some else None,
        "is_nan": bool(torch.isnan(numbers).any()),
        "is_inf": bool(torch.isinf(numbers).any()),
    }


def _of_value(value: Any) -> dict[str, Any]:
    shape = getattr(value, "shape", value if type(value).__name__ == "Size" else None)
    return {
        "repr": repr(value)[:_MOST_CHARACTERS],
        "type": type(value).__name__,
        "value": value if isinstance(value, bool | int | float | str | None) else None,
        "shape": [int(n) for n in shape] if shape is not None else None,
    }


def evaluate(request: dict[str, Any]) -> dict[str, Any]:
    names = _executed(request["setup_code"])
    results: dict[str, Any] = {}
    for expression in request["expressions"][:_MOST_EXPRESSIONS]:
        try:
            results[expression] = {**_of_value(eval(expression, names)), "error": None}
        # Any expression of the user's may fail in any way; the others still get their answer.
        except Exception as error:  # noqa: BLE001
            results[expression] = {"repr": None, "type": None, "value": None, "shape": None, "error": _told(error)}
    return {"results": results}


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:_MOST_CHARACTERS]


def probe(request: dict[str, Any]) -> dict[str, Any]:
    watch = _Watch(min(int(request["steps"]), _MOST_STEPS))
    with watch.installed(), contextlib.suppress(_Enough):
        _executed(request["code"])
    return watch.seen()


class _Watch:
    """What the first optimizer steps of a program do: losses, gradients, what the optimizer holds, what losses get."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.losses: list[float] = []
        self.grad_norms: dict[str, float] = {}
        self.held = self.frozen = self.without_grad = 0
        self.rates: list[float] = []
        self.calls: dict[str, dict[str, Any]] = {}

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        import torch
        from torch.nn import functional
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        tensor_type: Any = torch.Tensor
        backward = tensor_type.backward

        def noted_backward(tensor: Any, *args: Any, **kwargs: Any) -> None:
            self.losses.append(float(tensor.detach().sum()))
            backward(tensor, *args, **kwargs)

        tensor_type.backward = noted_backward
        for name in (
            "cross_entropy",
            "binary_cross_entropy_with_logits",
            "binary_cross_entropy",
            "nll_loss",
            "mse_loss",
        ):
            setattr(functional, name, self._noted(name, getattr(functional, name)))
        register_optimizer_step_pre_hook(self._before)
        register_optimizer_step_post_hook(self._after)
        yield

    def _noted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def noted(output: Any, target: Any, *args: Any, **kwargs: Any) -> Any:
            if name not in self.calls:
                self.calls[name] = _call(output, target)
            return real(output, target, *args, **kwargs)

        return noted

    def _before(self, optimizer: Any, *_: Any) -> None:
        held = [p for group in optimizer.param_groups for p in group["params"]]
        self.rates = [float(group["lr"]) for group in optimizer.param_groups]
        self.held = sum(p.numel() for p in held)
        self.frozen = sum(p.numel() for p in held if not p.requires_grad)
        self.without_grad = sum(p.numel() for p in held if p.grad is None)
        names = _names()
        self.grad_norms = {
            names.get(id(p), f"parameter {i}"): float(p.grad.norm()) for i, p in enumerate(held) if p.grad is not None
        }

    def _after(self, *_: Any) -> None:
        self.left -= 1
        if self.left <= 0:
            raise _Enough

    def seen(self) -> dict[str, Any]:
        final = self.losses[-1] if self.losses else None
        return {
            "losses": self.losses,
            "grad_norms": self.grad_norms,
            "optimizer_param_count": self.held,
            "optimizer_frozen_count": self.frozen,
            "optimizer_without_grad_count": self.without_grad,
            "learning_rates": self.rates,
            "loss_calls": self.calls,
            "final_loss": final,
            "loss_is_nan": final is not None and final != final,
            "loss_is_inf": final in (float("inf"), float("-inf")),
        }


def _call(output: Any, target: Any) -> dict[str, Any]:
    """What a loss function was given: shapes, type, and for a target of the output's shape its values and row sums."""
    found: dict[str, Any] = {
        "output_shape": list(output.shape),
        "target_shape": list(target.shape),
        "target_dtype": str(target.dtype),
    }
    if target.dim() == 2 and target.numel():
        sums = target.double().sum(1)
        found |= {"target_rows_sum_to": [float(sums.min()), float(sums.max())]}
        found |= {"target_is_binary": bool(((target == 0) | (target == 1)).all())}
    return found


def _names() -> dict[int, str]:
    import torch

    modules = [found for found in gc.get_objects() if isinstance(found, torch.nn.Module)]
    names: dict[int, str] = {}
    for module in modules:
        for name, parameter in module.named_parameters():
            names[id(parameter)] = max(names.get(id(parameter), ""), name, key=len)
    return names


_TOOLS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "execute_snippet": snippet,
    "inspect_tensor": inspect,
    "get_variable_state": evaluate,
    "run_training_probe": probe,
}


def main() -> int:
    request = json.loads(Path("request.json").read_text())
    os.dup2(os.open("stderr.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
    sys.path.insert(0, "")
    sys.argv = ["train.py"]
    try:
        answer = {**_TOOLS[request["action_type"]](request), "error": None}
    # The code is the user's and may fail in any way, which is an answer too.
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        answer = {"error": _told(error)}
    Path("answer.json").write_text(json.dumps(answer))
    return int(answer["error"] is not None)


if __name__ == "__main__":
    sys.exit(main())
