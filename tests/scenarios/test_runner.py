from importlib.util import find_spec
from pathlib import Path

import pytest

from misrun.scenarios import runner
from misrun.scenarios.runner import Outcome, environment_text, execute, lay_out, shortfalls, verify
from misrun.scenarios.schema import Measure, Scenario, Success, all_scenarios

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="scenarios need PyTorch to run")
WITH_CODE = [scenario for scenario in all_scenarios() if scenario.code_dir is not None]


@pytest.fixture
def project(tmp_path: Path) -> Scenario:
    """A scenario of a few lines that needs no packages."""
    code = tmp_path / "s900" / "code"
    code.mkdir(parents=True)
    (code.parent / "run").mkdir()
    (code.parent / "run" / "old.log").write_text("from last time")
    return Scenario(
        folder=code.parent,
        project="demo",
        command=("main.py",),
        streams="split",
        architecture="mlp",
        optimizer="sgd",
        recording="cpu",
        healthy=False,
    )


def write_main(scenario: Scenario, text: str) -> None:
    assert scenario.code_dir is not None
    (scenario.code_dir / "main.py").write_text(text)


def test_what_a_run_leaves_is_collected_and_its_code_is_not(project: Scenario) -> None:
    write_main(
        project,
        "import os, pathlib, sys\n"
        "os.makedirs('out'); open('out/m.csv', 'w').write('a,b\\n'); open('model.bin', 'wb').write(b'\\xff\\x00')\n"
        "print('here', pathlib.Path('main.py').resolve()); print('oh', file=sys.stderr); sys.exit(3)\n",
    )
    outcome = execute(project)
    assert outcome.exit_code == 3
    assert outcome.files == {
        "stdout.log": "here /home/user/demo/main.py\n",
        "stderr.log": "oh\n",
        "out/m.csv": "a,b\n",
    }


def test_joined_streams_keep_the_order_of_lines(project: Scenario) -> None:
    write_main(project, "import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)\n")
    assert execute(project.model_copy(update={"streams": "joined"})).files == {"train.log": "1\n2\n3\n"}


def test_secrets_of_the_environment_do_not_reach_the_run(project: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hush")
    write_main(project, "import os\nprint(os.environ.get('SOME_API_KEY'), os.environ['OMP_NUM_THREADS'])\n")
    assert execute(project).files["stdout.log"] == "None 1\n"


def test_a_run_past_the_limit_is_stopped_and_keeps_its_output(
    project: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LIMIT_S", 1.0)
    write_main(project, "print('started')\nwhile True:\n    pass\n")
    outcome = execute(project)
    assert outcome.exit_code is None
    assert outcome.files["stdout.log"] == "started\n"
    assert shortfalls(Success(measures=()), outcome) == ("not finished after 1 s",)


def test_recording_replaces_the_run_folder(project: Scenario) -> None:
    write_main(project, "print('loss 1.0')\n")
    runner.record(project)
    assert sorted(path.name for path in project.run_dir.iterdir()) == ["environment.txt", "stderr.log", "stdout.log"]
    assert (project.run_dir / "environment.txt").read_text() == environment_text()


def test_a_laid_out_project_has_code_and_records_and_no_answer(tmp_path: Path) -> None:
    folder = lay_out("s002", tmp_path)
    files = {path.relative_to(tmp_path).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"glyphnet/main.py", "glyphnet/stdout.log", "glyphnet/results/base/metrics.csv"} <= files
    assert not [name for name in files if name.endswith(("answer.json", "scenario.json"))]


@pytest.mark.parametrize(
    ("log", "missed"),
    [
        ("acc 0.5\nacc 0.9\n", ()),
        ("acc 0.9\nacc 0.5\n", ("below 0.8",)),
        ("acc 0.9\nacc 1.5\n", ("above 1",)),
        ("acc nan\nacc 0.9\n", (": nan",)),
        ("acc inf\nacc 0.9\n", (": inf",)),
        ("acc = x\nacc 0.9\n", (": =",)),
        ("", ("no value",)),
    ],
)
def test_a_measure_wants_finite_values_and_the_last_one_in_bounds(log: str, missed: tuple[str, ...]) -> None:
    measure = Measure(file="a.log", pattern=r"^acc (\S+)", at_least=0.8, at_most=1.0)
    found = shortfalls(Success(measures=(measure,)), Outcome(exit_code=0, files={"a.log": log}))
    assert len(found) == len(missed)
    assert all(text in whole for text, whole in zip(missed, found, strict=True))


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize("scenario", WITH_CODE, ids=lambda scenario: scenario.id)
def test_the_recorded_run_is_what_the_code_prints_now(scenario: Scenario) -> None:
    recorded = {p.relative_to(scenario.run_dir).as_posix(): p for p in scenario.run_dir.rglob("*") if p.is_file()}
    if recorded.pop("environment.txt").read_text("utf-8") != environment_text():
        pytest.skip("recorded with other versions of Python or PyTorch: floats and tracebacks differ")
    assert execute(scenario).files == {name: path.read_text("utf-8") for name, path in recorded.items()}


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize("scenario", WITH_CODE, ids=lambda scenario: scenario.id)
def test_failures_fail_cures_cure_and_decoys_do_not(scenario: Scenario) -> None:
    assert verify(scenario).problems == ()
