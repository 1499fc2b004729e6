"""Logs of many ranks, merged or one file each: which error is the root, and which rank is missing, apart or slow."""

from pathlib import Path

import pytest

from misrun.tools.diagnosis.evidence_scorer import diagnose
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Span
from misrun.tools.signals import ranks
from misrun.tools.signals.measure import measure
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.text_events import root_event

_OOM = (
    "Traceback (most recent call last):\n"
    '  File "/w/train.py", line 12, in <module>\n'
    "    loss.backward()\n"
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.95 GiB. GPU 0 has a total capacity of 14.57 GiB\n"
)
_SPAWNED = "W1120 04:15:34.414000 7255 torch/distributed/elastic/multiprocessing/api.py:1028] Sending process 7288 closing signal SIGTERM\n"


def _steps(last: int, start: str = "10:00", seconds: float = 0.5) -> str:
    return "".join(f"2026-05-02 {start}:{n:02d},100 INFO step {n} loss {3 - n / 100:.3f} step_time {seconds + n / 1e4:.4f}s\n" for n in range(last + 1))  # fmt: skip


def _watchdog(rank: int, seq: int = 311, op: str = "ALLREDUCE", numel: int = 1048576, at: str = "10:30:00") -> str:
    return (
        f"[rank{rank}]:[E502 {at}.662329700 ProcessGroupNCCL.cpp:632] [Rank {rank}] Watchdog caught collective operation"
        f" timeout: WorkNCCL(SeqNum={seq}, OpType={op}, NumelIn={numel}, NumelOut={numel}, Timeout(ms)=1800000) ran for"
        f" 1800441 milliseconds before timing out.\n"
    )


def _write(folder: Path, files: dict[str, str]) -> RunRecord:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_run(folder)


def _named(record: RunRecord, name: str) -> Signal:
    found = {signal.name: signal for signal in ranks.measure(record)}
    assert name in found, f"no {name} among {sorted(found)}"
    return found[name]


def test_one_rank_out_of_memory_explains_all_watchdogs(tmp_path: Path) -> None:
    files = {f"logs/rank_{r}.log": _steps(9) + (_OOM if r == 3 else "") + _watchdog(r) for r in range(8)}
    record = _write(tmp_path, files | {"main.log": _SPAWNED})
    root = root_event(record)
    assert root is not None
    assert (root.name, root.rank, str(root.span)) == ("cuda_oom", 3, "logs/rank_3.log:11-14")
    assert {event.rank for event in record.events if not event.secondary} == {3}
    assert ranks.measure(record) == []  # the cause is known; nobody is missing


def test_the_diagnosis_of_one_rank_out_of_memory_is_not_the_watchdogs(tmp_path: Path) -> None:
    log = "".join(f"[rank{r}]: {line}\n" for line in _steps(9).splitlines() for r in range(64))
    log += "".join(f"[rank3]: {line}\n" for line in _OOM.splitlines())
    record = _write(tmp_path, {"job.log": log + "".join(map(_watchdog, (r for r in range(64) if r != 3)))})
    first = diagnose(Facts(record, measure(record), ())).hypotheses[0]
    assert first.mode == "memory_hardware/device_oom"
    assert first.supporting[0].spans[0] == Span(file="job.log", first=641, last=644)


def test_the_earliest_own_error_is_the_root_though_its_file_comes_last(tmp_path: Path) -> None:
    late = '2026-05-02 10:02:00,000 INFO x\nTraceback (most recent call last):\n  File "/w/a.py", line 1, in f\n    g()\nValueError: store is gone\n'
    record = _write(tmp_path, {"rank0.log": _steps(9) + late, "rank1.log": _steps(9), "rank2.log": _steps(9) + _OOM})
    root = root_event(record)
    assert root is not None
    assert (root.name, root.rank) == ("cuda_oom", 2)
    assert [(event.rank, event.secondary) for event in record.events] == [(0, True), (2, False)]


def test_a_watchdog_before_the_error_is_no_consequence_of_it(tmp_path: Path) -> None:
    late = "2026-05-02 11:00:00,000 INFO x\n" + _OOM
    record = _write(tmp_path, {"rank0.log": _steps(9) + _watchdog(0), "rank1.log": _steps(9) + late})
    assert [event.secondary for event in record.events if event.name == "collective_timeout"] == [False]


def test_without_stamps_the_rank_that_reached_fewer_steps_failed_first(tmp_path: Path) -> None:
    steps = {0: 9, 1: 4}
    boom = 'Traceback (most recent call last):\n  File "/w/a.py", line 1, in f\n    g()\n{}\n'
    log = {r: "".join(f"step {n} loss 0.5\n" for n in range(last)) for r, last in steps.items()}
    record = _write(tmp_path, {"rank0.log": log[0] + boom.format("KeyError: 'x'"), "rank1.log": log[1] + boom.format("ValueError: bad")})  # fmt: skip
    assert [(e.exception, e.secondary) for e in record.events] == [("KeyError", True), ("ValueError", False)]


@pytest.mark.parametrize(
    "name",
    [
        "node{n}_rank{r}.log", "worker_{r}.log", "logs/gpu{r}.txt", "mpi/1/rank.{r}/stdout", "train-{r}.out",
        "run/attempt_0/{r}/stderr.log", "job.rank-{r}.err",
    ],
)  # fmt: skip
def test_file_names_that_tell_a_rank(tmp_path: Path, name: str) -> None:
    record = _write(tmp_path, {name.format(r=r, n=r // 2): "NCCL version 2.21\nstep 1 loss 0.5\n" for r in range(4)})
    assert sorted(log.rank for log in record.ranks) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["fold_{r}.log", "slurm-12345{r}.out", "epoch{r}.txt", "train-{r}.out"])
def test_numbered_files_of_other_kinds_are_no_ranks(tmp_path: Path, name: str) -> None:
    record = _write(tmp_path, {name.format(r=r): "epoch 1 loss 0.5\n" for r in range(3)})
    assert record.ranks == ()


def test_kubeflow_counts_the_master_as_rank_0(tmp_path: Path) -> None:
    names = ("job-master-0.log", "job-worker-0.log", "job-worker-1.log")
    record = _write(tmp_path, dict.fromkeys(names, "step 1 loss 0.5\n"))
    assert {log.span.file: log.rank for log in record.ranks} == dict(zip(names, range(3), strict=True))


@pytest.mark.parametrize("prefix", ["[rank{}]: ", "[1,{}]<stdout>:", "{}: ", "[pod/train-{}/pytorch] "])
def test_prefixes_of_merged_logs(tmp_path: Path, prefix: str) -> None:
    log = "".join(f"{prefix.format(r)}step {n} loss {r}.5\n" for n in range(5) for r in (1, 0, 2) if (n, r) != (4, 1))
    record = _write(tmp_path, {"job.log": log})
    assert {one.rank: one.values for one in record.series} == {r: (r + 0.5,) * (4 if r == 1 else 5) for r in range(3)}
    assert [(log.rank, log.span.first) for log in record.ranks] == [(0, 13), (1, 10), (2, 14)]


def test_a_rank_that_says_nothing_while_the_others_wait_is_missing(tmp_path: Path) -> None:
    record = _write(
        tmp_path, {f"rank{r}.log": _steps(5 if r == 2 else 9) + ("" if r == 2 else _watchdog(r)) for r in range(4)}
    )
    missing = _named(record, "rank_missing")
    assert (missing.values["ranks"], missing.values["waiting"], str(missing.spans[0])) == ("2", 3, "rank2.log:6")


def test_a_rank_whose_log_breaks_off_early_is_missing(tmp_path: Path) -> None:
    record = _write(tmp_path, {f"rank{r}.log": _steps(4 if r == 1 else 30) for r in range(4)})
    missing = _named(record, "rank_missing")
    assert missing.values["rank"] == 1
    assert "after step 4, the others go on to step 30" in missing.text


def test_ranks_that_end_together_are_not_missing(tmp_path: Path) -> None:
    record = _write(tmp_path, {f"rank{r}.log": _steps(29 + r % 2) for r in range(4)})
    assert ranks.measure(record) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"seq": 310, "op": "ALLGATHER", "numel": 524288}, "ALLGATHER SeqNum=310 NumelIn=524288"),
        ({"numel": 524288}, "ALLREDUCE SeqNum=311 NumelIn=524288"),
        ({"seq": 298}, "ALLREDUCE SeqNum=298 NumelIn=1048576"),
    ],
)
def test_the_rank_in_another_collective_is_named(tmp_path: Path, other: dict[str, int], told: str) -> None:
    log = "".join(_watchdog(r, **(other if r == 5 else {})) for r in range(8))  # type: ignore[arg-type]
    apart = _named(_write(tmp_path, {"job.log": log}), "rank_desynchronised")
    assert apart.values["ranks"] == "5"
    assert f"Rank 5 waits in {told}, the 7 other ranks in ALLREDUCE SeqNum=311 NumelIn=1048576" in apart.text
    assert str(apart.spans[0]) == "job.log:6"


def test_the_rank_that_completed_less_is_named(tmp_path: Path) -> None:
    line = "[rank{}]:[E401 10:00:00.100000001 ProcessGroupNCCL.cpp:1664] [PG 1 Rank {}] Exception (either an error or timeout) detected by watchdog at work: {}, last enqueued NCCL work: 905, last completed NCCL work: {}.\n"
    log = "".join(line.format(r, r, 902, 899 if r == 2 else 901) for r in range(4))
    apart = _named(_write(tmp_path, {"job.log": log}), "rank_desynchronised")
    assert (apart.values["ranks"], apart.values["completed"], apart.values["enqueued"]) == ("2", 899, 905)


def test_the_slow_rank_is_named(tmp_path: Path) -> None:
    record = _write(tmp_path, {f"rank{r}.log": _steps(20, seconds=0.9 if r == 3 else 0.5) for r in range(6)})
    slow = _named(record, "rank_straggles")
    assert slow.values["rank"] == 3
    assert slow.values["ratio"] == pytest.approx(1.8, abs=0.01)


def test_error_files_of_torchrun_order_by_their_stamps(tmp_path: Path) -> None:
    error = '{{"message": {{"message": "{0}", "extraInfo": {{"py_callstack": "Traceback (most recent call last):\\n  File \\"/w/a.py\\", line 3, in f\\n    g()\\n{0}\\n", "timestamp": "{1}"}}}}}}'
    record = _write(
        tmp_path,
        {"e/attempt_0/0/error.json": error.format("EOFError: store", 1795148790), "e/attempt_0/1/error.json": error.format("ValueError: bad label", 1795148777)},
    )  # fmt: skip
    root = root_event(record)
    assert root is not None
    assert (root.rank, root.exception) == (1, "ValueError")


def test_the_watchdog_of_one_rank_alone_makes_no_other_missing(tmp_path: Path) -> None:
    assert ranks.measure(_write(tmp_path, {"job.log": _watchdog(1)})) == []


def test_a_rank_between_those_that_wait_is_missing_without_a_line_of_its_own(tmp_path: Path) -> None:
    missing = _named(_write(tmp_path, {"job.log": "".join(_watchdog(r) for r in (0, 1, 3))}), "rank_missing")
    assert missing.values["ranks"] == "2"


def test_the_launcher_in_another_file_names_the_root(tmp_path: Path) -> None:
    boom = 'Traceback (most recent call last):\n  File "/w/a.py", line 1, in f\n    g()\n{}\n'
    block = (
        f"{'=' * 60}\ntrain.py FAILED\n{'-' * 60}\nRoot Cause (first observed failure):\n[0]:\n"
        "  time      : 2026-05-02_10:01:00\n  rank      : 1 (local_rank: 1)\n  exitcode  : 1 (pid: 7289)\n"
        f"  error_file: <N/A>\n{'=' * 60}\n"
    )
    files = {"rank0.log": boom.format("KeyError: 'x'"), "rank1.log": boom.format("ValueError: bad"), "z.log": block}
    root = root_event(_write(tmp_path, files))
    assert root is not None
    assert (root.rank, root.exception) == (1, "ValueError")


def test_a_kill_of_the_host_explains_the_lost_peers(tmp_path: Path) -> None:
    killed = "slurmstepd: error: Detected 1 oom_kill event in StepId=11300781.0. Some of the step tasks have been OOM Killed.\n"
    files = {f"rank{r}.log": _steps(9) + _watchdog(r) for r in range(3)} | {"slurm-77.out": killed}
    record = _write(tmp_path, files)
    assert [event.name for event in record.events if not event.secondary] == ["oom_killed"]
