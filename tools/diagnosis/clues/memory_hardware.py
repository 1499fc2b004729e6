"""What signals say about failures of memory and machine."""

import re
from collections.abc import Callable

from misrun.tools.diagnosis.clues.clue import Clue
from misrun.tools.diagnosis.facts import Facts


def _many_steps(facts: Facts) -> bool:
    """The step had already fitted many times: more than 20 steps, or two epochs, were logged."""
    if (facts.run.ending.last_step or 0) > 20:
        return True
    trained = [s for s in facts.run.series if s.phase == "train" and s.steps]
    return any(max(s.steps) >= 2 if s.step_kind == "epoch" else max(s.steps) > 20 for s in trained)


def _hundreds_of_steps(facts: Facts) -> bool:
    """It had fitted 300 times, or five epochs: what it needs has become more since."""
    if (facts.run.ending.last_step or 0) >= 300:
        return True
    trained = [s for s in facts.run.series if s.phase == "train" and s.steps]
    return any(max(s.steps) >= (5 if s.step_kind == "epoch" else 300) for s in trained)


def _no_step_yet(facts: Facts) -> bool:
    """Nothing of training was logged before the end."""
    return not facts.run.ending.last_step and not any(s.phase == "train" for s in facts.run.series)


def _fragmented(facts: Facts) -> bool:
    """Reserved but unallocated memory would have held the request and is over a tenth of what is reserved."""
    reserved, allocated = (
        facts.number("error.cuda_oom", "reserved_mib"),
        facts.number("error.cuda_oom", "allocated_mib"),
    )
    tried = facts.number("error.cuda_oom", "tried_mib")
    if reserved is None or allocated is None or tried is None:
        return False
    return reserved - allocated > max(tried, 0.1 * reserved)


def _shared_device(facts: Facts) -> bool:
    """Others hold a quarter of the device or more: what is neither free nor ours, by the numbers of the message."""
    total, free = facts.number("error.cuda_oom", "total_mib"), facts.number("error.cuda_oom", "free_mib")
    ours = facts.number("error.cuda_oom", "reserved_mib") or facts.number("error.cuda_oom", "allocated_mib")
    other = facts.number("error.cuda_oom", "other_process_mib")
    if total and ours is not None and free is not None:  # the list of processes may hold this one under another id
        return total - free - ours > 0.25 * total
    return bool(total and other and other > 0.25 * total)


def _huge_request(facts: Facts) -> bool:
    """One request of over a third of the device: a single outsized tensor rather than slow filling."""
    tried, total = facts.number("error.cuda_oom", "tried_mib"), facts.number("error.cuda_oom", "total_mib")
    return bool(tried and total and tried > total / 3)


# Functions and calls of an evaluation, by the first word of their names: "validate_epoch(", "self.eval_step(".
_EVALUATION = re.compile(
    r"(?:^|[^a-z])(?:eval|evaluat\w*|val|valid|validat\w*|test|testing|predict\w*|infer\w*)(?:_[a-z_]*)?(?:\(|$)"
)


def _in_evaluation(facts: Facts) -> bool:
    """The failure came in an evaluation, by the functions on its stack, or by what the log announced last."""
    if facts.has("stopped_in_evaluation"):
        return True
    frames = facts.root.frames if facts.root else ()
    return any(_EVALUATION.search(text.lower()) for frame in frames for text in (frame.function, frame.code))


def _late_huge(facts: Facts) -> bool:
    """After many steps that fitted, one request of a GiB or more, or of a third of the device: this batch is larger."""
    tried = facts.number("error.host_oom_alloc", "tried_mib") or facts.number(OOM, "tried_mib") or 0.0
    return _many_steps(facts) and (tried >= 1024 or _huge_request(facts)) and not facts.has("memory_growth")


def _outsized(facts: Facts) -> bool:
    return facts.has("batch_outsized")


def _several_ranks(facts: Facts) -> bool:
    return facts.signal("error.child_failed") is not None or any(e.rank is not None for e in facts.run.events)


def _slowing(facts: Facts) -> bool:
    return facts.has("throughput_collapse")


OOM = "error.cuda_oom"

# What the host says when its memory has run out, and how clearly: a kill has other reasons too.
_HOST: dict[str, float] = {
    "error.oom_killed": 5.0, "error.host_oom_alloc": 4.5, "error.killed_sigkill": 3.5, "error.worker_killed": 3.5,
}  # fmt: skip
_DEVICE: dict[str, float] = {OOM: 4.5, "error.xla_oom": 4.5}
_EXHAUSTED = (*_HOST, *_DEVICE)


def _exhausted(mode: str, weight: float, when: Callable[[Facts], bool], group: str = "oom") -> tuple[Clue, ...]:
    """The same clue for every way in which memory runs out."""
    return tuple(Clue(f"memory_hardware/{mode}", signal, weight, group, when) for signal in _EXHAUSTED)


CLUES: tuple[Clue, ...] = (
    *(Clue("memory_hardware/host_oom", signal, weight, "host") for signal, weight in _HOST.items()),
    *(Clue("memory_hardware/device_oom", signal, weight, "oom") for signal, weight in _DEVICE.items()),
    Clue("memory_hardware/device_oom", "error.cublas_error", 1.5, "oom"),
    # A step that has fitted many times does not need too much by itself.
    *(Clue("memory_hardware/host_oom", signal, -1.2, "late", _many_steps) for signal in _HOST if "worker" not in signal),
    *(Clue("memory_hardware/device_oom", signal, -1.2, "late", _many_steps) for signal in _DEVICE),
    *(Clue("memory_hardware/host_oom", signal, 1.0, "start", _no_step_yet) for signal in _HOST),
    *(Clue("memory_hardware/host_oom", s, -2.0, "late", _hundreds_of_steps) for s in _HOST if "worker" not in s),
    *(Clue("memory_hardware/device_oom", signal, -2.0, "late", _hundreds_of_steps) for signal in _DEVICE),
    *_exhausted("memory_leak", 2.4, _many_steps),
    *_exhausted("memory_leak", 2.8, _hundreds_of_steps),
    *_exhausted("memory_leak", 1.0, _slowing, "slow"),
    *_exhausted("memory_leak", -2.0, _outsized, "against"),
    *_exhausted("long_batch", 1.4, _many_steps),
    *_exhausted("long_batch", 3.6, _late_huge),
    *_exhausted("long_batch", 5.5, _outsized),
    *_exhausted("evaluation_memory", 5.5, _in_evaluation),
    Clue("memory_hardware/memory_leak", "memory_growth", 3.5, "growth"),
    Clue("memory_hardware/memory_leak", "throughput_collapse", 1.6, "slow"),
    Clue("memory_hardware/hardware_fault", "throughput_collapse", 1.0, "slow"),
    Clue("memory_hardware/hardware_fault", "step_time_pauses", 1.0, "slow"),
    Clue("memory_hardware/device_oom", "memory_growth", -2.0, "growth"),
    Clue("memory_hardware/host_oom", "memory_growth", -1.5, "growth"),
    Clue("memory_hardware/long_batch", "memory_jump", 2.5, "growth"),
    Clue("memory_hardware/long_batch", "memory_growth", -2.0, "against"),
    Clue("memory_hardware/evaluation_memory", "memory_jump", 1.5, "growth", _in_evaluation),
    Clue("memory_hardware/fragmentation", OOM, 5.5, "oom", _fragmented),
    Clue("memory_hardware/device_shared", OOM, 6.0, "oom", _shared_device),
    Clue("memory_hardware/interrupted", "error.killed_sigkill", 1.5, "end"),
    Clue("memory_hardware/shared_memory", "error.shm_exhausted", 5.0, "shm"),
    Clue("memory_hardware/shared_memory", "error.bus_error", 3.5, "shm"),
    Clue("memory_hardware/shared_memory", "error.worker_killed", 1.0, "shm"),
    Clue("memory_hardware/storage_full", "error.disk_full", 5.0, "disk"),
    Clue("memory_hardware/hardware_fault", "error.gpu_fault", 3.5, "gpu"),
    Clue("memory_hardware/hardware_fault", "error.gpu_unavailable", 4.5, "gpu"),
    Clue("memory_hardware/hardware_fault", "error.cublas_error", 2.0, "gpu"),
    Clue("memory_hardware/device_shared", "error.device_busy", 4.5, "gpu"),
    Clue("memory_hardware/hardware_fault", "error.device_busy", 1.5, "gpu"),
    Clue("memory_hardware/collective_failure", "error.collective_timeout", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "error.collective_error", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "error.collective_mismatch", 5.0, "collective"),
    Clue("memory_hardware/collective_failure", "rank_desynchronised", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "rank_missing", 3.5, "collective"),
    Clue("memory_hardware/hardware_fault", "rank_straggles", 1.5, "slow"),
    Clue("memory_hardware/collective_failure", "error.rendezvous_failed", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "error.abort", 2.8, "collective", _several_ranks),
    Clue("memory_hardware/collective_failure", "error.unused_parameters", 1.0, "collective"),
    Clue("memory_hardware/collective_failure", "error.peer_lost", 4.0, "collective"),
    Clue("memory_hardware/native_crash", "error.segfault", 4.5, "native"),
    Clue("memory_hardware/native_crash", "error.abort", 4.0, "native"),
    Clue("memory_hardware/interrupted", "error.time_limit", 5.0, "end"),
    Clue("memory_hardware/interrupted", "error.preempted", 5.0, "end"),
    Clue("memory_hardware/interrupted", "error.interrupted", 4.0, "end"),
    Clue("memory_hardware/interrupted", "error.sigterm", 4.0, "end"),
)  # fmt: skip
