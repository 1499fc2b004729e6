import json
from collections.abc import Callable
from pathlib import Path

import pytest

from misrun.scenarios import verification
from misrun.scenarios.recording import record
from misrun.scenarios.schema import Scenario
from misrun.scenarios.verification import verify, verify_many

Make = Callable[..., Scenario]


@pytest.fixture
def recorded(make: Make) -> Callable[..., Scenario]:
    def build(*arguments: object, **fields: object) -> Scenario:
        scenario = make(*arguments, **fields)
        record(scenario)
        return scenario

    return build


def test_a_scenario_as_described_has_no_problem(recorded: Make) -> None:
    result = verify(recorded())
    assert result.problems == ()
    assert [trial.shortfalls for trial in result.cures] == [()]
    assert result.decoys[0].shortfalls[0].startswith("distance")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (
            {"cures": [{"why": "no", "arguments": ["--steps", "3"]}]},
            "cure does not cure (distance 27.027 is above 0.1)",
        ),
        ({"decoys": [{"why": "oh", "arguments": ["--rate", "0.5"]}]}, "decoy cures: oh"),
        ({"evidence": [{"file": "train.log", "pattern": "nan"}]}, "no trace of /nan/ in train.log"),
        ({"success": {"bounds": {"distance": {"at_least": 1}}}}, "the run succeeds as it is"),
        ({"mode": "optimization/nonsense"}, "answer.json"),
    ],
)
def test_whatever_is_not_as_described_is_told(recorded: Make, answer: dict[str, object], problem: str) -> None:
    assert any(problem in text for text in verify(recorded(answer=answer)).problems)


def test_an_onset_elsewhere_is_told(recorded: Make) -> None:
    onset = {"step": 5, "tolerance": 1, "file": "train.log", "pattern": r"^step (\d+) x -?[3-9]", "match": "first"}
    assert verify(recorded(answer={"onset": onset})).problems == ("onset at step 1, not 5 +- 1",)


def test_a_recorded_file_that_the_run_does_not_write_is_told(recorded: Make) -> None:
    scenario = recorded()
    (scenario.run_dir / "extra.log").write_text("invented")
    assert verify(scenario).problems == ("extra.log is recorded and not written now",)


def test_a_healthy_scenario_passes_and_a_failing_one_called_healthy_does_not(recorded: Make) -> None:
    healthy = {"category": "healthy", "mode": "healthy/healthy", "places": [], "onset": None, "evidence": []}
    healthy |= {"cures": [], "decoys": []}
    assert verify(recorded("r901", answer=healthy, healthy=True, command=["main.py", "--rate", "0.5"])).problems == ()
    assert "healthy run falls short" in verify(recorded("r902", answer=healthy, healthy=True)).problems[0]


def test_one_scenario_that_cannot_be_verified_does_not_stop_the_rest(recorded: Make, tmp_path: Path) -> None:
    whole, spoilt = recorded("r901"), recorded("r902")
    (spoilt.folder / "answer.json").write_text("{")
    results = {r.id: r for r in verify_many((whole, spoilt), tmp_path / "journal", 2)}
    assert results["r901"].problems == ()
    assert "r902/answer.json" in results["r902"].problems[0]


def test_what_is_verified_is_not_run_again_until_it_changes(
    recorded: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenarios = (recorded("r901"), recorded("r902"))
    journal = tmp_path / "journal"
    first = sorted(verify_many(scenarios, journal, 1), key=lambda r: r.id)
    journal.write_text(journal.read_text() + '{"key": "cut sho')
    ran: list[str] = []
    real = verification.verify
    monkeypatch.setattr(verification, "verify", lambda s: (ran.append(s.id), real(s))[1])
    assert sorted(verify_many(scenarios, journal, 1), key=lambda r: r.id) == first
    assert ran == []
    check = scenarios[1].folder / "check.py"
    check.write_text(check.read_text() + "\n")
    list(verify_many(scenarios, journal, 1))
    assert ran == ["r902"]


def test_a_scenario_this_machine_cannot_run_is_neither_right_nor_wrong(
    recorded: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = recorded()
    monkeypatch.setattr("misrun.scenarios.execution.is_enforceable", lambda limits: "no such kernel")
    (result,) = verify_many((scenario,), tmp_path / "journal", 1)
    assert (result.problems, result.not_run) == ((), "r900: no such kernel")
    assert not (tmp_path / "journal").exists()


def test_the_journal_is_json_lines(recorded: Make, tmp_path: Path) -> None:
    list(verify_many((recorded(),), tmp_path / "new" / "journal", 1))
    (line,) = (tmp_path / "new" / "journal").read_text().splitlines()
    assert json.loads(line)["result"]["id"] == "r900"
