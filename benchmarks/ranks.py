"""Reads a generated job of 64 ranks and prints speed (by processor time), memory and whether the root was found.

    python benchmarks/ranks.py [--lines 1000000] [--layout merged|files|both]

One rank runs out of GPU memory; the watchdogs of the 63 others and its own time out ten minutes later, the launcher
ends them all. "merged" is one file in which the ranks write into each other's lines, "files" is one file a rank. Lines
are of 108 bytes on average: mostly chatter, a metric line of each rank in twenty.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from misrun.tools.readers.registry import read_run
from misrun.tools.signals.text_events import root_event

_MIB = 1 << 20
_RANKS = 64
_CULPRIT = 37
_METRIC_EVERY = 20
_OOM = (
    "Traceback (most recent call last):",
    '  File "/workspace/train.py", line 212, in <module>',
    "    loss.backward()",
    '  File "/opt/venv/lib/python3.12/site-packages/torch/_tensor.py", line 581, in backward',
    "    torch.autograd.backward(",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.95 GiB. GPU 5 has a total capacity of 79.11 GiB of"
    " which 1.58 GiB is free. Of the allocated memory 70.12 GiB is allocated by PyTorch, and 3.93 GiB is reserved by"
    " PyTorch but unallocated.",
)


def _line(random: Random, turn: int) -> str:
    clock = (
        f"2026-05-02 {10 + turn // 3600 % 12:02d}:{turn // 60 % 60:02d}:{turn % 60:02d},{random.randrange(1000):03d}"
    )
    if turn % _METRIC_EVERY == 0:
        step, loss = turn // _METRIC_EVERY, random.random()
        return f"{clock} INFO train: step {step} | loss: {loss:.4f} | lr 3.0e-04 | step_time 0.512 s"
    shard = random.randrange(100_000)
    return f"{clock} DEBUG loader: prefetched shard {shard:06d} into the buffer of worker {turn % 8} (7 left)"


def _watchdog(rank: int) -> str:
    return (
        f"[E502 22:10:00.{rank:06d} ProcessGroupNCCL.cpp:632] [Rank {rank}] Watchdog caught collective operation"
        f" timeout: WorkNCCL(SeqNum=2521, OpType=ALLREDUCE, NumelIn=160672064, NumelOut=160672064, Timeout(ms)=600000)"
        f" ran for {600_000 + rank} milliseconds before timing out."
    )


def _job(lines: int) -> Iterator[tuple[int, str]]:
    """(rank, line) in the order in which they were printed."""
    random = Random(7)
    for turn in range(lines // _RANKS):
        for rank in range(_RANKS):
            yield rank, _line(random, turn)
    for text in _OOM:
        yield _CULPRIT, text
    for rank in range(_RANKS):
        yield rank, _watchdog(rank)


def _merged(folder: Path, lines: int) -> None:
    with (folder / "job.log").open("w", encoding="utf-8") as stream:
        stream.writelines(f"[rank{rank}]: {text}\n" for rank, text in _job(lines))


def _files(folder: Path, lines: int) -> None:
    streams = [(folder / f"node{rank // 8}_rank{rank}.log").open("w", encoding="utf-8") for rank in range(_RANKS)]
    for rank, text in _job(lines):
        streams[rank].write(text + "\n")
    for stream in streams:
        stream.close()


_LAYOUTS = {"merged": _merged, "files": _files}


def _measure(layout: str, lines: int) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _LAYOUTS[layout](folder, lines)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        start = time.process_time()
        record = read_run(folder)
        seconds = time.process_time() - start
    root = root_event(record)
    found = root is not None and (root.name, root.rank) == ("cuda_oom", _CULPRIT)
    told = f"{root.name} of rank {root.rank} at {root.span}" if root else "none"
    following = sum(event.secondary for event in record.events)
    unit = 1024 if sys.platform == "linux" else _MIB  # ru_maxrss is in KiB on Linux, in bytes on macOS (getrusage(2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return (
        f"{layout}: {size:.0f} MB, {lines:,} lines in {seconds:.2f} s, {size / seconds:.1f} MB/s, peak {peak:.0f} MiB, "
        f"root {'found' if found else 'MISSED'} ({told}), {following} consequences\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--layout", choices=[*sorted(_LAYOUTS), "both"], default="both")
    options = parser.parse_args()
    for layout in sorted(_LAYOUTS) if options.layout == "both" else (options.layout,):
        sys.stdout.write(_measure(layout, options.lines))


if __name__ == "__main__":
    main()
