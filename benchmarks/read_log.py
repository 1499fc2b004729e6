"""Reads a generated log and prints speed (by processor time) and memory.

    python benchmarks/read_log.py [--mib 200] [--kind plain]

"plain" is mostly program chatter with a metric line in twenty and a traceback at the end; "metrics" has nothing but
metric lines; "noise" is text of which no two lines are alike. The ratio compares with iterating over the same file
line by line in the same process, so that it means the same on any machine.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from misrun.tools.readers.registry import read_run

_MIB = 1 << 20
_TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "train.py", line 40, in <module>\n'
    "    main()\n"
    "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\n"
)


def _plain(random: Random) -> Iterator[str]:
    step = 0
    while True:
        for shard in range(19):
            yield (
                f"2026-05-02 10:{step % 60:02d}:{shard:02d},{random.randrange(999):03d} DEBUG loader: prefetched shard "
                f"{random.randrange(100_000):06d} of part {shard} into the buffer of worker {step % 8}\n"
            )
        yield f"step {step} | loss: {random.random():.4f} | lr {3e-4 * random.random():.3e} | {step % 9} it/s\n"
        step += 1


def _metrics(random: Random) -> Iterator[str]:
    step = 0
    while True:
        loss, milliseconds, share = (random.random() * scale for scale in (4, 300, 40))
        yield f"iter {step}: loss {loss:.4f}, time {milliseconds:.2f}ms, mfu {share:.2f}%\n"
        step += 1


def _noise(random: Random) -> Iterator[str]:
    words = "the of and to in a is that for it as was with be by on not he his but at are this have had an they"
    while True:
        yield "text: " + " ".join(random.choices(words.split(" "), k=25)) + "\n"


_KINDS: dict[str, Callable[[Random], Iterator[str]]] = {"plain": _plain, "metrics": _metrics, "noise": _noise}


def _write(path: Path, kind: str, size: int) -> None:
    lines = _KINDS[kind](Random(7))
    with path.open("w", encoding="utf-8") as stream:
        written = 0
        while written < size:
            written += stream.write("".join(next(lines) for _ in range(1_000)))
        stream.write(_TRACEBACK)


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _iterate(path: Path) -> None:
    with path.open("rb") as stream:
        for _ in stream:
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=200)
    parser.add_argument("--kind", choices=sorted(_KINDS), default="plain")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.log"
        _write(path, options.kind, options.mib * _MIB)
        size = path.stat().st_size / _MIB
        plain = _seconds(lambda: _iterate(path))
        reading = _seconds(lambda: read_run(path))
    unit = 1024 if sys.platform == "linux" else _MIB  # ru_maxrss is in KiB on Linux, in bytes on macOS (getrusage(2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    sys.stdout.write(
        f"{options.kind}: {size:.0f} MiB in {reading:.2f} s, {size / reading:.1f} MiB/s, peak {peak:.0f} MiB, "
        f"{reading / plain:.1f} times a plain pass over its lines ({plain:.2f} s)\n"
    )


if __name__ == "__main__":
    main()
