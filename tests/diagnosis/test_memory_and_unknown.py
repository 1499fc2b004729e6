"""How memory ran out, told by when and where it did; and what is asked for when nothing tells a run's cause."""

import re

import pytest

from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.evidence_scorer import diagnose
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.missing import MOST_PARTS
from misrun.tools.readers.registry import read_run
from misrun.tools.signals.measure import measure

STEPS = "".join(f"step {i} loss {2.3 * 0.999**i:.4f}\n" for i in range(0, 400, 10))
TRACE = 'Traceback (most recent call last):\n  File "/home/u/train.py", line {line}, in {function}\n    {code}\n'
REFUSED = (
    "RuntimeError: [enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't allocate memory: you tried "
    "to allocate {bytes} bytes. Error code 12 (Cannot allocate memory)\n"
)


def diagnosed(text: str, tmp_path, *findings: Finding) -> Diagnosis:
    (tmp_path / "train.log").write_text(text, "utf-8")
    run = read_run(tmp_path)
    return diagnose(Facts(run, measure(run), findings))


def modes(answer: Diagnosis) -> list[str]:
    return [h.mode.rpartition("/")[2] for h in answer.hypotheses[:3]]


def finding(mode: str) -> Finding:
    return Finding(check="outputs-kept-with-graph", agent="silent_bug", file="train.py", line=3, last_line=3, mode=mode,
                   severity="error", confidence=0.85, message="kept", expected="detached")  # fmt: skip


def test_killed_before_the_first_step_is_a_host_too_small(tmp_path) -> None:
    assert modes(diagnosed("loading features\nKilled\n", tmp_path))[0] == "host_oom"


def test_killed_after_many_steps_leaves_leak_and_host_open(tmp_path) -> None:
    answer = diagnosed(STEPS + "Killed\n", tmp_path)
    assert answer.category == "memory_hardware"
    assert {"memory_leak", "host_oom"} <= set(modes(answer))
    assert answer.hypotheses[0].likelihood < 0.6
    assert "dmesg" in (answer.missing or "")


def test_a_line_that_keeps_every_output_decides_for_the_leak(tmp_path) -> None:
    answer = diagnosed(STEPS + "Killed\n", tmp_path, finding("memory_hardware/memory_leak"))
    assert answer.mode == "memory_hardware/memory_leak"
    assert answer.hypotheses[0].likelihood > 0.8


def test_memory_that_grows_until_the_kill_is_a_leak(tmp_path) -> None:
    growing = "".join(f"step {i} loss {2.3 * 0.999**i:.4f} rss_mb {900 + 2 * i}\n" for i in range(0, 600, 10))
    assert diagnosed(growing + "Killed\n", tmp_path).mode == "memory_hardware/memory_leak"


def test_a_refusal_inside_the_evaluation_is_the_evaluations(tmp_path) -> None:
    trace = TRACE.format(line=44, function="validate", code="outputs.append(model(x))")
    answer = diagnosed(STEPS + trace + REFUSED.format(bytes=9_000_000), tmp_path)
    assert answer.mode == "memory_hardware/evaluation_memory"


def test_an_evaluation_that_was_announced_and_never_reported(tmp_path) -> None:
    assert diagnosed(STEPS + "Validating ...\nKilled\n", tmp_path).mode == "memory_hardware/evaluation_memory"
    went_on = STEPS + "Validating ...\nval_loss 0.31\nstep 410 loss 1.1\nKilled\n"
    assert diagnosed(went_on, tmp_path).mode != "memory_hardware/evaluation_memory"


def test_the_size_of_the_last_batch_tells_a_long_one(tmp_path) -> None:
    lengths = "".join(f"step {i} batch_len {50 + i % 9} loss {2.3 * 0.99**i:.4f}\n" for i in range(90))
    last = "step 90 batch_len 12000\n" + TRACE.format(line=9, function="<module>", code="h = attend(x)")
    answer = diagnosed(lengths + last + REFUSED.format(bytes=9_216_000_000), tmp_path)
    assert answer.mode == "memory_hardware/long_batch"
    assert answer.hypotheses[0].likelihood > 0.7


def test_one_huge_request_after_many_small_steps_speaks_for_a_long_batch(tmp_path) -> None:
    trace = TRACE.format(line=9, function="<module>", code="h = attend(x)")
    assert modes(diagnosed(STEPS + trace + REFUSED.format(bytes=9_216_000_000), tmp_path))[0] == "long_batch"
    assert modes(diagnosed(STEPS + trace + REFUSED.format(bytes=1_048_576), tmp_path))[0] != "long_batch"


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("Terminated\n", "interrupted"),
        ("slurmstepd: error: *** JOB 8 ON n1 CANCELLED AT 2024-03-01T11:22:01 ***\n", "interrupted"),
        ("=>> PBS: job killed: walltime 86423 exceeded limit 86400\n", "interrupted"),
        ("=>> PBS: job killed: mem 66123212kb exceeded limit 62914560kb\n", "host_oom"),
        ("Your session crashed after using all available RAM.\n", "host_oom"),
        ("RuntimeError: CUDA error: all CUDA-capable devices are busy or unavailable\n", "device_shared"),
        ("RuntimeError: DataLoader worker (pid 8) is killed by signal: Segmentation fault. \n", "native_crash"),
        ("RuntimeError: unable to mmap 147456 bytes from file </torch_22_11_0>: Cannot allocate memory (12)\n", "shared_memory"),
        ("RuntimeError: received 0 items of ancdata\n", "shared_memory"),
        ("OSError: [Errno 30] Read-only file system: 'out/ckpt.pt'\n", "storage_full"),
        ("run.sh: line 4: 21 File size limit exceeded(core dumped) python train.py\n", "storage_full"),
        ("RuntimeError: CUDA error: the launch timed out and was terminated\n", "hardware_fault"),
        ("RuntimeError: [enforce fail at gloo/transport/tcp/pair.cc:490] op.preamble.length <= op.nbytes. 48 vs 24\n", "collective_failure"),
        ("RuntimeError: [Rank 0]: Ranks 1, 3 failed to pass monitoredBarrier in 30000 ms\n", "collective_failure"),
        ("RuntimeError: [gloo/transport/tcp/pair.cc:598] Connection closed by peer [127.0.0.1]:1023\n", "collective_failure"),
    ],
)  # fmt: skip
def test_wordings_of_machines_and_schedulers(text: str, mode: str, tmp_path) -> None:
    assert diagnosed(STEPS + text, tmp_path).mode == f"memory_hardware/{mode}"


def test_a_partial_last_line_with_the_shells_word_is_a_kill(tmp_path) -> None:
    assert diagnosed(STEPS + "step 410 batch 32 Killed\n", tmp_path).category == "memory_hardware"


def test_slow_learning_says_little_about_a_run_that_was_killed(tmp_path) -> None:
    flat = "".join(f"step {i} loss {2.3026 + i % 3 / 500:.4f}\n" for i in range(0, 400, 10))
    assert diagnosed(flat + "Killed\n", tmp_path).category == "memory_hardware"


BROKEN_OFF = "".join(f"epoch {e} [{b}/90] loss {2.3 * 0.9**e:.4f}\n" for e in (1, 2, 3) for b in range(10, 91, 10))
NAN = (
    "".join(f"step {i} loss {2.3 * 0.999**i:.4f}\n" for i in range(0, 900, 10))
    + "step 900 loss nan\nstep 910 loss nan\n"
)
SLOWER = "".join(f"step {i} loss {2.3 * 0.99**i:.4f} sec_per_step {0.01 * 1.03**i:.4f}\n" for i in range(120))
FLAT = "".join(f"step {i} loss {2.9957 + i % 5 / 500:.4f}\n" for i in range(0, 3000, 20))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (BROKEN_OFF[:-120], "standard error.*exit code.*dmesg"),
        (NAN, "gradient norm.*batch.*anomaly"),
        (SLOWER, "time of a step.*memory.*batch"),
        (FLAT, "per layer.*labels.*learning rate"),
        ("Using device: cuda:0\nBuilding vocabulary...\n", "console log"),
    ],
)
def test_what_happened_decides_what_is_asked_for(text: str, asked: str, tmp_path) -> None:
    answer = diagnosed(text, tmp_path)
    assert answer.abstained, answer
    assert re.search(asked, answer.missing or "")
    assert (answer.missing or "").count(";") < MOST_PARTS


def test_what_the_run_already_holds_is_not_asked_for(tmp_path) -> None:
    normed = re.sub(r"\n", " grad_norm 1.1\n", NAN)
    assert "gradient norm" not in (diagnosed(normed, tmp_path).missing or "")


def test_one_symptom_alone_never_tells_between_causes_of_several_kinds(tmp_path) -> None:
    alone = diagnosed(NAN, tmp_path)
    assert alone.abstained
    assert "one symptom" in alone.reason
    told = diagnosed(NAN + "RuntimeError: Function 'LogBackward0' returned nan values in its 0th output.\n", tmp_path)
    assert not told.abstained
