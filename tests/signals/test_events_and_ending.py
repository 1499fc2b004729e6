"""What the run said: root against cascade, the user's frame, caught errors, exit codes, finished and unfinished."""

import pytest

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.run_record import CodeFile, Ending, Event, Frame
from misrun.tools.record import Span
from misrun.tools.signals.measure import measure, onset

SITE = "/opt/venv/lib/python3.11/site-packages/torch/nn/functional.py"


def event(name: str, line: int, kind: str = "error", **given: object) -> Event:
    return Event(
        name=name,
        kind=kind,
        message=given.pop("message", name),
        span=Span(file="train.log", first=line, last=line),
        **given,
    )


def measured(*events: Event, ending: Ending | None = None, code: tuple[str, ...] = (), points: tuple[int, ...] = ()):
    run = RunBuilder("run")
    for line in points:
        run.metric("loss", 1.0, file="train.log", line=line, step=line)
    for one in events:
        run.event(one)
    for path in code:
        run.code(CodeFile(path=path, lines=90, sha256="0"))
    run.ending = ending or Ending()
    return {s.name: s for s in reversed(measure(run.build()))}


def test_root_is_the_innermost_frame_of_the_users_code() -> None:
    frames = (
        Frame(file="/home/me/proj/train.py", line=80, function="main"),
        Frame(file="/home/me/proj/models/net.py", line=15, function="forward", code="h = self.embed(x)"),
        Frame(file=SITE, line=2264, function="embedding"),
    )
    found = measured(
        event("index_out_of_range", 9, exception="IndexError", message="index out of range in self", frames=frames),
        code=("train.py", "models/net.py"),
    )
    root = found["traceback_root"]
    assert (root.values["file"], root.values["line"], root.values["exception"]) == ("models/net.py", 15, "IndexError")
    assert "models/net.py:15 in forward with IndexError: index out of range in self." in root.text


@pytest.mark.parametrize(
    "file", [r"C:\Users\me\venv\Lib\site-packages\torch\x.py", r"C:\Python311\Lib\runpy.py", "<frozen runpy>"]
)
def test_library_frames_of_windows_and_frozen_modules_are_not_the_users(file: str) -> None:
    frames = (Frame(file="<ipython-input-3-ab>", line=4, function="<module>"), Frame(file=file, line=1, function="f"))
    found = measured(event("api_error", 3, exception="TypeError", frames=frames))
    assert found["traceback_root"].values["file"] == "<ipython-input-3-ab>"


def test_consequences_are_a_cascade_and_never_the_root() -> None:
    found = measured(
        event("peer_lost", 5, exception="RuntimeError", rank=0, secondary=True),
        event("cuda_oom", 9, exception="OutOfMemoryError", rank=1),
        event("sigterm", 20, kind="kill", rank=2, secondary=True, count=2),
    )
    assert found["traceback_root"].values["rank"] == 1
    assert found["cascade"].values["count"] == 3
    assert found["cascade"].values["names"] == "peer_lost, sigterm"
    assert found["error.peer_lost"].strength < 0.5 < found["error.cuda_oom"].strength


def test_first_error_is_the_root_of_a_chain() -> None:
    found = measured(
        event("missing_column", 3, exception="KeyError"), event("worker_exception", 8, exception="RuntimeError")
    )
    assert found["traceback_root"].values["exception"] == "KeyError"


def test_caught_traceback_is_no_root() -> None:
    found = measured(event("access_denied", 3, exception="HTTPError"), points=(1, 5, 6, 7, 8))
    assert "traceback_root" not in found
    assert found["error.access_denied"].values["survived"] is True
    assert found["error.access_denied"].strength < 0.5


def test_same_signature_is_one_signal_with_its_count_and_numbers() -> None:
    first = event("cuda_oom", 3, message="CUDA out of memory.", values={"tried_mib": 20.0})
    found = measured(first, event("cuda_oom", 9, count=2))
    assert found["error.cuda_oom"].values["count"] == 3
    assert found["error.cuda_oom"].values["tried_mib"] == 20.0
    assert [str(span) for span in found["error.cuda_oom"].spans] == ["train.log:3", "train.log:9"]


def test_long_messages_are_cut_to_one_line() -> None:
    found = measured(event("shape_mismatch", 3, message="size\nmismatch " * 200))
    assert len(str(found["error.shape_mismatch"].values["message"])) == 300
    assert "\n" not in found["error.shape_mismatch"].text


@pytest.mark.parametrize(
    ("code", "name"), [(137, "SIGKILL"), (-9, "SIGKILL"), (139, "SIGSEGV"), (143, "SIGTERM"), (-6, "SIGABRT")]
)
def test_exit_codes_stand_for_signals(code: int, name: str) -> None:
    found = measured(ending=Ending(status="killed", exit_code=code))
    assert found["killed_by_signal"].values["signal"] == name
    assert name in found["exit_code"].text


def test_plain_error_code_is_no_signal() -> None:
    found = measured(ending=Ending(status="crashed", exit_code=1))
    assert "killed_by_signal" not in found
    assert "an error" in found["exit_code"].text


def test_unfinished_only_where_nothing_explains_it() -> None:
    ending = Ending(status="unfinished", last_step=400, planned_steps=1000)
    assert "step 400 of 1,000" in measured(ending=ending)["run_unfinished"].text
    assert "run_unfinished" not in measured(event("cuda_oom", 3), ending=ending)


def test_ignored_setting_is_a_conflict() -> None:
    found = measured(event("setting_ignored", 4, kind="warning", message="ignoring 'lr0=0.01'"))
    assert "ignoring 'lr0=0.01'" in found["config_conflict"].text


def test_overflow_messages_are_a_search_until_there_are_too_many() -> None:
    few = measured(event("loss_scale_overflow", 2, kind="warning", count=6))
    assert few["loss_scale_search"].strength < 0.5
    assert "loss_scale_collapse" in measured(event("loss_scale_overflow", 2, kind="warning", count=60))
    assert "loss_scale_collapse" in measured(event("loss_scale_minimum", 2))


def test_label_in_the_message_is_compared_with_the_classes() -> None:
    run = RunBuilder("run")
    run.event(event("target_out_of_bounds", 8, message="Target 10 is out of bounds."))
    run.config("num_labels", 10, span=Span(file="config.json", first=2, last=2), origin="json")
    found = {s.name: s for s in measure(run.build())}
    assert found["labels_exceed_classes"].values == {"label": 10.0, "classes": 10.0}


def test_onset_is_the_earliest_step_of_the_first_failing_family(build) -> None:
    nan = float("nan")
    run = build(
        {
            "loss": [1.0] * 40 + [nan] * 5,
            "grad_norm": [1.0 + 0.01 * (i % 3) for i in range(36)] + [9.0, 90.0, 900.0, 9e3] + [nan] * 5,
        }
    )
    assert onset(measure(run.build())) == 37
    assert onset(()) is None


def test_crash_begins_where_the_run_ended() -> None:
    found = measured(
        event("shape_mismatch", 9, exception="RuntimeError"), ending=Ending(status="crashed", last_step=120)
    )
    assert onset(tuple(found.values())) == 120
