"""What signals say about failures of memory and machine."""

from misrun.tools.diagnosis.clues.clue import Clue
from misrun.tools.diagnosis.facts import Facts


def _late_oom(facts: Facts) -> bool:
    """The allocation failed after the step had already fitted many times (more than 20 logged steps)."""
    return (facts.run.ending.last_step or 0) > 20


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
    if total and other:
        return other > 0.25 * total
    return bool(total and ours is not None and free is not None and total - free - ours > 0.25 * total)


def _huge_request(facts: Facts) -> bool:
    """One request of over a third of the device: a single outsized tensor rather than slow filling."""
    tried, total = facts.number("error.cuda_oom", "tried_mib"), facts.number("error.cuda_oom", "total_mib")
    return bool(tried and total and tried > total / 3)


def _in_evaluation(facts: Facts) -> bool:
    words = ("eval", "valid", "test", "predict")
    root = facts.root
    return bool(root and any(word in frame.function.lower() for frame in root.frames for word in words))


OOM = "error.cuda_oom"

CLUES: tuple[Clue, ...] = (
    Clue("memory_hardware/device_oom", OOM, 4.5, "oom"),
    Clue("memory_hardware/device_oom", "error.xla_oom", 4.5, "oom"),
    Clue("memory_hardware/device_oom", "error.cublas_error", 1.5, "oom"),
    Clue("memory_hardware/device_oom", "memory_growth", -2.0, "growth"),
    Clue("memory_hardware/memory_leak", "memory_growth", 3.5, "growth"),
    Clue("memory_hardware/memory_leak", OOM, 2.0, "oom", _late_oom),
    Clue("memory_hardware/memory_leak", "error.killed_sigkill", 1.5, "oom", lambda f: f.has("memory_growth")),
    Clue("memory_hardware/memory_leak", "error.host_oom_alloc", 1.5, "oom", lambda f: f.has("memory_growth")),
    Clue("memory_hardware/long_batch", OOM, 2.0, "oom", _late_oom),
    Clue("memory_hardware/long_batch", OOM, 2.5, "oom", lambda f: _huge_request(f) and _late_oom(f)),
    Clue("memory_hardware/long_batch", "memory_jump", 2.5, "growth"),
    Clue("memory_hardware/long_batch", "memory_growth", -2.0, "against"),
    Clue("memory_hardware/evaluation_memory", OOM, 5.5, "oom", _in_evaluation),
    Clue("memory_hardware/evaluation_memory", "memory_jump", 1.5, "growth", _in_evaluation),
    Clue("memory_hardware/fragmentation", OOM, 5.5, "oom", _fragmented),
    Clue("memory_hardware/device_shared", OOM, 6.0, "oom", _shared_device),
    Clue("memory_hardware/host_oom", "error.host_oom_alloc", 4.5, "host"),
    Clue("memory_hardware/host_oom", "error.oom_killed", 5.0, "host"),
    Clue("memory_hardware/host_oom", "error.killed_sigkill", 3.5, "host"),
    Clue("memory_hardware/host_oom", "error.worker_killed", 2.5, "host"),
    Clue("memory_hardware/host_oom", "memory_growth", -1.5, "growth"),
    Clue("memory_hardware/shared_memory", "error.shm_exhausted", 5.0, "shm"),
    Clue("memory_hardware/shared_memory", "error.bus_error", 3.5, "shm"),
    Clue("memory_hardware/shared_memory", "error.worker_killed", 1.0, "shm"),
    Clue("memory_hardware/storage_full", "error.disk_full", 5.0, "disk"),
    Clue("memory_hardware/hardware_fault", "error.gpu_fault", 3.5, "gpu"),
    Clue("memory_hardware/hardware_fault", "error.gpu_unavailable", 4.5, "gpu"),
    Clue("memory_hardware/hardware_fault", "error.cublas_error", 2.0, "gpu"),
    Clue("memory_hardware/collective_failure", "error.collective_timeout", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "error.collective_error", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "error.collective_mismatch", 5.0, "collective"),
    Clue("memory_hardware/collective_failure", "error.rendezvous_failed", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "error.unused_parameters", 1.0, "collective"),
    Clue("memory_hardware/collective_failure", "error.peer_lost", 2.5, "collective"),
    Clue("memory_hardware/native_crash", "error.segfault", 4.5, "native"),
    Clue("memory_hardware/native_crash", "error.abort", 3.0, "native"),
    Clue("memory_hardware/interrupted", "error.time_limit", 5.0, "end"),
    Clue("memory_hardware/interrupted", "error.preempted", 5.0, "end"),
    Clue("memory_hardware/interrupted", "error.interrupted", 4.0, "end"),
    Clue("memory_hardware/interrupted", "error.sigterm", 2.5, "end"),
)  # fmt: skip
