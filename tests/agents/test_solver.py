"""The solver in an environment of a few lines, which is no task of the arena."""

from collections.abc import Mapping
from typing import Any

from misrun.agents.solver import original_line, solve

SCRIPT = """import torch
import torch.nn as nn

net = nn.Linear(4, 2)
crit = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=30.0)
for x, y in loader:
    opt.zero_grad()
    loss = crit(net(x), y)
    opt.step()
    loss.backward()
"""


class Scripted:
    """Answers every tool as if the script ran well, and rewards any submission with a half."""

    def __init__(self, script: str, turns: int = 10) -> None:
        self.script, self.turns = script, turns
        self.actions: list[Mapping[str, Any]] = []

    def reset(self) -> Mapping[str, Any]:
        return {"buggy_code": self.script, "turns_left": self.turns}

    def step(self, action: Mapping[str, Any]) -> tuple[Mapping[str, Any], float, bool]:
        self.actions.append(action)
        if action["action_type"] == "submit_fix":
            return {"grader_details": {"seen": 1}}, 0.5, True
        return (
            {"stdout": "step 1 loss 0.7\n", "stderr": "", "exit_code": 0, "error": None, "losses": [0.7, 0.6]},
            0.0,
            False,
        )


def test_it_runs_probes_repairs_compares_and_submits() -> None:
    environment = Scripted(SCRIPT)
    result = solve(environment)
    assert [a["action_type"] for a in environment.actions] == [
        "execute_snippet", "run_training_probe", "execute_snippet", "inspect_diff", "submit_fix",
    ]  # fmt: skip
    assert (result.reward, result.turns, result.details) == (0.5, 5, {"seen": 1})
    assert {(c.mode, c.line) for c in result.claims} == {
        ("optimization/learning_rate_too_high", 6),
        ("model_software/step_order", 10),
    }
    assert "lr=0.01" in result.code
    assert result.code.index("loss.backward()") < result.code.index("opt.step()")


def test_a_script_with_nothing_to_repair_is_handed_in_as_it_is() -> None:
    healthy = SCRIPT.replace("lr=30.0", "lr=0.01").replace(
        "    opt.step()\n    loss.backward()\n", "    loss.backward()\n    opt.step()\n"
    )
    environment = Scripted(healthy)
    result = solve(environment)
    assert result.claims == ()
    assert environment.actions[-1]["fixed_code"] == healthy


def test_it_submits_before_its_turns_are_up() -> None:
    environment = Scripted(SCRIPT, turns=4)
    solve(environment)
    assert len(environment.actions) <= 4
    assert environment.actions[-1]["action_type"] == "submit_fix"


def test_lines_are_told_as_they_stood_in_the_given_script() -> None:
    given = "a\nb\nc\nd\n"
    assert original_line(given, given, 3) == 3
    assert original_line(given, "a\nnew\nb\nc\nd\n", 4) == 3
    assert original_line(given, "a\nb\nC2\nd\n", 3) == 3
