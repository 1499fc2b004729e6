"""The silent-bug and data-flow auditors."""

from pathlib import Path

import pytest
from programs import PRELUDE, InspectFiles

from misrun.agents.auditors import code_audit, data_flow, jax_logic, silent_bug
from misrun.tools.code.finding import Delegation

HEALTHY = """\
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(3):
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        o.step()
"""


def ask(agent: str, *checks: str) -> Delegation:
    return Delegation(agent=agent, mode="model_software/step_order", location=None, look_for=checks, because="test")


def test_silent_bug_auditor_says_what_it_found_in_order(inspect_files: InspectFiles, tmp_path: Path) -> None:
    inspect_files(PRELUDE + HEALTHY)
    audit = silent_bug.audit(tmp_path)
    first = PRELUDE.count("\n") + 4
    assert (audit.status, audit.findings, audit.files) == ("done", (), 1)
    assert audit.clean == (f"train.py:{first}-{first + 5}: zero_grad, backward, clip, step in order",)


def test_faulty_loop_is_not_called_clean(inspect_files: InspectFiles, tmp_path: Path) -> None:
    inspect_files(PRELUDE + HEALTHY.replace("        o.zero_grad()\n", ""))
    audit = silent_bug.audit(tmp_path)
    assert [f.check for f in audit.findings] == ["zero-grad-missing"]
    assert audit.clean == ()


def test_delegated_checks_come_first_and_delegations_are_kept(inspect_files: InspectFiles, tmp_path: Path) -> None:
    faulty = HEALTHY.replace("        o.zero_grad()\n", "").replace("lr=1e-3", "lr=5.0")
    inspect_files(PRELUDE + faulty)
    asked = (ask("silent_bug", "learning-rate-off"),)
    audit = silent_bug.audit(tmp_path, ["train.py"], asked)
    assert [f.check for f in audit.findings] == ["learning-rate-off", "zero-grad-missing"]
    assert audit.delegations == asked


def test_data_flow_auditor_lists_the_way_from_the_loader_to_the_loss(
    inspect_files: InspectFiles, tmp_path: Path
) -> None:
    inspect_files(PRELUDE + HEALTHY)
    clean = data_flow.audit(tmp_path).clean
    assert (
        "prediction of cross_entropy (train.py:24): randn (train.py:17) -> batch (train.py:18) -> linear (train.py:10) "
        "-> relu (train.py:10) -> dropout (train.py:10) -> linear (train.py:14)"
    ) in clean
    assert "target of cross_entropy (train.py:24): randint (train.py:17) -> batch (train.py:18)" in clean


def test_each_auditor_runs_its_own_checks(inspect_files: InspectFiles, tmp_path: Path) -> None:
    inspect_files(PRELUDE.replace(", shuffle=True", "") + HEALTHY.replace("        o.zero_grad()\n", ""))
    assert [f.check for f in silent_bug.audit(tmp_path).findings] == ["zero-grad-missing"]
    assert [f.check for f in data_flow.audit(tmp_path).findings] == ["shuffle-missing"]


def test_nothing_to_read_is_a_status(tmp_path: Path) -> None:
    assert silent_bug.audit(tmp_path, []).status == "nothing_to_read"
    (tmp_path / "bad.py").write_text("def (")
    audit = data_flow.audit(tmp_path)
    assert (audit.status, [file for file, _ in audit.skipped]) == ("nothing_to_read", ["bad.py"])


def test_failing_check_becomes_a_failed_audit(
    inspect_files: InspectFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: object) -> None:
        raise ZeroDivisionError("defect")

    inspect_files(PRELUDE + HEALTHY)
    monkeypatch.setattr(code_audit, "inspect_trace", defect)
    audit = silent_bug.audit(tmp_path)
    assert (audit.status, audit.reason) == ("failed", "ZeroDivisionError: defect")


JAX_STEP = """\
import jax
import optax

tx = optax.adam(1e-3)


def loss_fn(params, x, y):
    return optax.l2_loss(model.apply(params, x), y).mean()


@jax.jit
def step(params, state, x, y):
    grads = jax.grad(loss_fn)(params, x, y)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state


@jax.jit
def noisy(x, key):
    return x + jax.random.normal(key, x.shape)
"""


def test_jax_auditor_follows_the_gradient_and_names_what_is_compiled(
    inspect_files: InspectFiles, tmp_path: Path
) -> None:
    inspect_files(JAX_STEP)
    audit = jax_logic.audit(tmp_path)
    assert (audit.status, audit.findings) == ("done", ())
    assert audit.clean == (
        "gradient of loss_fn: apply (train.py:8) -> l2_loss (train.py:8) -> mean (train.py:8) -> grad (train.py:13) -> "
        "update (train.py:14) -> apply_updates (train.py:15)",
        "train.py:12: step (jit) in order",
        "train.py:19: noisy (jit) in order",
    )


def test_jax_auditor_reports_and_does_not_call_the_faulty_function_clean(
    inspect_files: InspectFiles, tmp_path: Path
) -> None:
    twice = JAX_STEP.replace("x + jax", "x * jax.random.uniform(key) + jax").replace(", state\n\n", ", None\n\n")
    inspect_files(twice)
    audit = jax_logic.audit(tmp_path)
    assert [(f.check, f.agent) for f in audit.findings] == [
        ("optimizer-state-dropped", "jax_logic"),
        ("key-reused", "jax_logic"),
    ]
    assert audit.clean == ()


def test_jax_auditor_has_nothing_to_read_without_jax(inspect_files: InspectFiles, tmp_path: Path) -> None:
    inspect_files(PRELUDE + HEALTHY)
    audit = jax_logic.audit(tmp_path)
    assert (audit.status, audit.reason) == ("nothing_to_read", "no file imports JAX")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.py", "import numpy\n  from flax import linen as nn\n", True),
        ("a.ipynb", '{"cells": [{"source": ["import jax.numpy as jnp\\n"]}]}', True),
        ("b.ipynb", '{"cells": [{"source": [\n   "import jax.numpy as jnp\\n"]}]}', True),
        ("a.py", "# we import jax elsewhere\nimport jaxtyping\n", False),
    ],
)
def test_jax_auditor_is_asked_only_where_jax_is_imported(name: str, text: str, expected: bool, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert jax_logic.applies(tmp_path, [name, "missing.py"]) is expected
