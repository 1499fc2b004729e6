import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from misrun.scenarios import execution
from misrun.scenarios.execution import NotRunnable, Outcome, execute, shortfalls
from misrun.scenarios.limits import is_enforceable
from misrun.scenarios.schema import Bound, Change, Limits, Scenario, Success

Make = Callable[..., Scenario]
linux = pytest.mark.skipif(sys.platform != "linux", reason="the limits are the Linux kernel's")


def test_what_a_run_leaves_is_collected_and_its_code_is_not(make: Make) -> None:
    outcome = execute(
        make(
            main="import os, pathlib, sys\n"
            "os.makedirs('out'); open('out/m.csv', 'w').write('a,b\\n'); open('model.bin', 'wb').write(b'\\xff\\x00')\n"
            "print('here', pathlib.Path('main.py').resolve()); print('oh', file=sys.stderr); sys.exit(3)\n",
            streams="split",
        )
    )
    assert outcome.exit_code == 3
    assert outcome.files == {
        "stdout.log": "here /home/user/demo/main.py\n",
        "stderr.log": "oh\n",
        "out/m.csv": "a,b\n",
    }
    assert outcome.check_error == "the run did not end well"


def test_joined_streams_keep_the_order_of_lines(make: Make) -> None:
    main = "import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)\n"
    assert execute(make(main=main)).files == {"train.log": "1\n2\n3\n"}


def test_secrets_of_the_environment_do_not_reach_the_run(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hush")
    main = "import os\nprint(os.environ.get('SOME_API_KEY'), os.environ['OMP_NUM_THREADS'])\n"
    assert execute(make(main=main)).files["train.log"] == "None 1\n"


def test_a_run_past_the_limit_is_stopped_and_keeps_its_output(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "LIMIT_S", 1.0)
    outcome = execute(make(main="print('started')\nwhile True:\n    pass\n"))
    assert outcome.exit_code is None
    assert outcome.files["train.log"] == "started\n"
    assert shortfalls(Success(bounds={"x": Bound(at_least=0)}), outcome) == ("not finished after 1 s",)


def test_a_change_applies_its_edits_and_arguments_to_the_copy_alone(make: Make) -> None:
    scenario = make()
    change = Change(why="", arguments=("--rate", "0.5", "--steps", "3"))
    assert execute(scenario, change).files["train.log"].splitlines()[-1] == "step 3 x 0.1251"
    assert execute(scenario).files["train.log"].splitlines()[-1].startswith("step 10")


def test_a_shell_script_is_run_with_bash(make: Make) -> None:
    scenario = make(command=["run.sh"])
    (scenario.source_dir / "run.sh").write_text('echo "began"; python main.py --steps 1 "$@"\n')
    assert execute(scenario).files["train.log"] == "began\nstep 1 x -3.0030\n"


def test_the_check_measures_what_the_run_left(make: Make) -> None:
    outcome = execute(make(), Change(why="", arguments=("--rate", "0.5")))
    assert outcome.checks["distance"] == pytest.approx(1.001 / 2**10)
    assert outcome.check_error is None


@pytest.mark.parametrize(
    ("check", "error"),
    [
        ("raise KeyError('model')", "the check failed: KeyError: 'model'"),
        ("print('fine')", "the check printed no JSON object of numbers"),
        ("print('[1]')", "the check printed no JSON object of numbers"),
        ("pass", "the check printed no JSON object of numbers"),
    ],
)
def test_a_check_that_finds_no_numbers_says_why(make: Make, check: str, error: str) -> None:
    outcome = execute(make(check=check))
    assert outcome.checks == {}
    assert (outcome.check_error or "").startswith(error)


@pytest.mark.parametrize(
    ("checks", "missed"),
    [
        ({"accuracy": 0.9}, ()),
        ({"accuracy": 0.5}, ("accuracy 0.5 is below 0.8",)),
        ({"accuracy": 1.5}, ("accuracy 1.5 is above 1",)),
        ({"accuracy": float("nan")}, ("accuracy nan is below 0.8",)),
        ({}, ("accuracy was not measured",)),
    ],
)
def test_a_success_wants_every_number_in_its_bounds(checks: dict[str, float], missed: tuple[str, ...]) -> None:
    success = Success(bounds={"accuracy": Bound(at_least=0.8, at_most=1.0)})
    assert shortfalls(success, Outcome(exit_code=0, seconds=0.1, files={}, checks=checks)) == missed


@linux
def test_an_allocation_beyond_the_memory_per_process_fails(make: Make) -> None:
    outcome = execute(make(main="x = bytearray(10**6)\nx = bytearray(10**9)\n", limits={"data_mib": 400}))
    assert "MemoryError" in outcome.files["train.log"]
    assert outcome.exit_code == 1


@linux
def test_a_tree_of_processes_beyond_its_resident_memory_loses_its_largest(make: Make) -> None:
    scenario = make(
        main="print('began')\nx = []\nwhile True:\n    x.append(bytearray(10**7))\n",
        command=["run.sh"],
        limits={"rss_mib": 200},
    )
    (scenario.source_dir / "run.sh").write_text("python main.py\necho exit status $?\n")
    outcome = execute(scenario)
    assert outcome.exit_code == 0
    assert "Killed" in outcome.files["train.log"]
    assert outcome.files["train.log"].endswith("exit status 137\n")


@linux
def test_a_small_volume_fills_up(make: Make) -> None:
    limits = Limits(volumes={"store": 1})
    if (missing := is_enforceable(limits)) is not None:
        pytest.skip(missing)
    main = "open('store/x', 'wb').write(bytes(2_000_000))\n"
    assert "No space left on device" in execute(make(main=main, limits={"volumes": {"store": 1}})).files["train.log"]


def test_a_limit_that_cannot_be_enforced_here_is_said_and_nothing_is_run(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NotRunnable, match="r900: memory and volume limits need Linux"):
        execute(make(limits={"rss_mib": 100}))


def test_the_copy_is_gone_afterwards(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    execute(make())
    assert list((tmp_path / "t").iterdir()) == []
