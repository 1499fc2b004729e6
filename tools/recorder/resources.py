"""Memory of the process and its device, and how fast batches go by."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import torch

_MIB = 2**20
_STATM = Path("/proc/self/statm")  # proc(5): size, resident, ... in pages


def memory(device: torch.device) -> dict[str, float]:
    """MiB: resident set of this process, and what PyTorch holds on the device, now and at most so far."""
    found = {"host_rss_mib": resident_mib()}
    if device.type == "cuda":
        found["memory_allocated_mib"] = torch.cuda.memory_allocated(device) / _MIB
        found["memory_reserved_mib"] = torch.cuda.memory_reserved(device) / _MIB
        found["peak_memory_mib"] = torch.cuda.max_memory_allocated(device) / _MIB
    elif device.type == "mps":
        found["memory_allocated_mib"] = torch.mps.current_allocated_memory() / _MIB
    return found


def resident_mib() -> float:
    """Resident memory of this process; where the system does not tell (macOS, Windows) the most so far, or NaN."""
    with suppress(OSError):
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB
    with suppress(ImportError):
        import resource

        # getrusage(2): bytes on macOS, KiB elsewhere.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (_MIB if sys.platform == "darwin" else 1024)
    return float("nan")


class Throughput:
    """Counts batches, samples and tokens between two readings."""

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self._steps = self._samples = self._tokens = 0

    def step(self) -> None:
        self._steps += 1

    def batch(self, inputs: object) -> None:
        """One call of the model: the first tensor's first dimension is taken as samples, a matrix of integers as
        tokens."""
        tensor = next(_tensors(inputs), None)
        if tensor is None or not tensor.dim():
            return
        self._samples += tensor.shape[0]
        if tensor.dim() == 2 and not tensor.is_floating_point():
            self._tokens += tensor.numel()

    def read(self) -> dict[str, float]:
        """Per second since the last reading; only what was counted."""
        now = time.perf_counter()
        seconds = max(now - self._since, 1e-9)  # a clock may be coarser than a tiny step
        counted = {
            "steps_per_second": self._steps,
            "samples_per_second": self._samples,
            "tokens_per_second": self._tokens,
        }
        self._since = now
        self._steps = self._samples = self._tokens = 0
        return {name: count / seconds for name, count in counted.items() if count}


def _tensors(value: object) -> Iterator[torch.Tensor]:
    """Tensors in what a model is called with, in order: arguments, lists, and the values of dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
