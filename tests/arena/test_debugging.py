"""The debugging tools, run in the sandbox."""

import math

import pytest

from misrun.scenarios.arena.actions import Action
from misrun.scenarios.arena.catalogue import TASKS
from misrun.scenarios.arena.debugging import use_tool
from misrun.tools.sandbox.sandbox import unavailable

pytestmark = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))


def used(task: str, **action: object) -> dict[str, object]:
    return use_tool(TASKS[task], TASKS[task].shown(0), Action.model_validate(action))


def test_a_snippet_runs_beside_the_script_and_its_data() -> None:
    code = "import os, sys\nprint(sorted(os.listdir('data')), os.path.exists('train.py'))\nsys.stderr.write('oh\\n')"
    seen = used("task4", action_type="execute_snippet", code=code)
    assert seen["stdout"] == "['train.npz', 'val.npz'] True\n"
    assert seen["stderr"] == "oh\n"
    assert (seen["exit_code"], seen["timed_out"], seen["error"]) == (0, False, None)


def test_an_error_comes_back_with_its_traceback() -> None:
    seen = used("task1", action_type="execute_snippet", code="def f():\n    return 1 / 0\nf()")
    assert seen["exit_code"] == 1
    assert seen["error"] == "ZeroDivisionError: division by zero"
    assert 'File "train.py", line 2, in f' in str(seen["stderr"])


def test_expressions_are_evaluated_each_on_its_own() -> None:
    seen = used(
        "task1",
        action_type="get_variable_state",
        setup_code="x = [1, 2]\nn = None",
        expressions=["len(x)", "x[5]", "n"],
    )
    results = seen["results"]
    assert results["len(x)"] == {"repr": "2", "type": "int", "value": 2, "shape": None, "error": None}  # type: ignore[index]
    assert "IndexError" in results["x[5]"]["error"]  # type: ignore[index]
    assert results["n"]["type"] == "NoneType"  # type: ignore[index]


def test_a_tool_whose_answer_is_overwritten_or_that_is_ended_says_so() -> None:
    ended = used("task1", action_type="get_variable_state", setup_code="import os\nos._exit(0)", expressions=["1"])
    assert "before the tool could answer" in str(ended["error"])


@pytest.mark.arena
def test_a_tensor_is_inspected() -> None:
    setup = "import torch\nw = torch.tensor([[1.0, 2.0], [3.0, float('nan')]], requires_grad=True)\n(w * 2).sum().backward()"
    seen = used("task1", action_type="inspect_tensor", setup_code=setup, target_expression="w")
    assert (seen["shape"], seen["dtype"], seen["requires_grad"], seen["grad_is_none"]) == (
        [2, 2],
        "torch.float32",
        True,
        False,
    )
    assert (seen["is_nan"], seen["is_inf"]) == (True, False)
    grad = used("task1", action_type="inspect_tensor", setup_code=setup, target_expression="w.grad")
    assert (grad["min_val"], grad["max_val"], grad["mean_val"]) == (2.0, 2.0, 2.0)


@pytest.mark.arena
def test_the_probe_stops_after_the_steps_asked_for_and_tells_what_the_optimizer_holds() -> None:
    task = TASKS["task5"]
    seen = use_tool(task, task.shown(0), Action(action_type="run_training_probe", code=task.script(0), steps=3))
    assert len(seen["losses"]) == 3
    assert all(math.isfinite(loss) for loss in seen["losses"])
    assert sorted(seen["grad_norms"]) == ["head.bias", "head.weight"]
    assert seen["optimizer_frozen_count"] == seen["optimizer_without_grad_count"] > 0
    assert "epoch 1 " not in seen["stdout"]


@pytest.mark.arena
def test_the_probe_tells_what_the_loss_is_given() -> None:
    task = TASKS["task4"]
    seen = use_tool(task, task.shown(0), Action(action_type="run_training_probe", code=task.script(0), steps=1))
    call = seen["loss_calls"]["cross_entropy"]
    assert call["output_shape"] == call["target_shape"]
    assert call["target_is_binary"] is True
    assert call["target_rows_sum_to"] != [1.0, 1.0]


@pytest.mark.arena
def test_a_tool_runs_under_the_memory_of_the_task() -> None:
    task = TASKS["task3"]
    seen = use_tool(task, task.shown(0), Action(action_type="execute_snippet", code=task.script(0)))
    assert seen["exit_code"] != 0
    assert "memory" in f"{seen['stderr']}{seen['stdout']}".lower()
