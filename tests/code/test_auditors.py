"""The silent-bug and data-flow auditors."""

from pathlib import Path

import pytest
from programs import PRELUDE, InspectFiles

from misrun.agents.auditors import code_audit, data_flow, silent_bug
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
