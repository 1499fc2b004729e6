"""How long a search takes: the first one of a process, and those after it."""

import math
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median, quantiles

from misrun.knowledge.index import KnowledgeIndex
from misrun.tools.record import Record

_FIRST = """
import time; start = time.perf_counter()
from misrun.knowledge.index import open_index
open_index().search("Training loss became NaN at step 300")
print(time.perf_counter() - start)
"""


class Timing(Record):
    """Seconds of the first search in a fresh process, imports included (NaN where none was timed), and milliseconds of
    a query in a warm one: by the clock, and of processor time, which other programs on the machine do not lengthen."""

    first_seconds: float
    median_ms: float
    p95_ms: float
    cpu_median_ms: float
    cpu_p95_ms: float
    queries: int

    @property
    def in_words(self) -> str:
        clock = f"median {self.median_ms:.1f} ms, p95 {self.p95_ms:.1f} ms"
        return f"{clock}; processor {self.cpu_median_ms:.1f} and {self.cpu_p95_ms:.1f} ms (n={self.queries})"


def measure(index: KnowledgeIndex, queries: Sequence[str], runs: int = 3) -> Timing:
    """Time the first search in some fresh processes, and every query once here after one to warm up."""
    command = [sys.executable, "-c", _FIRST]
    first = [float(subprocess.run(command, capture_output=True, check=True, text=True).stdout) for _ in range(runs)]
    index.search(queries[0])
    clock, processor = zip(*(_milliseconds(index, query) for query in queries), strict=True)
    return Timing(
        first_seconds=median(first) if first else math.nan,
        median_ms=median(clock),
        p95_ms=quantiles(clock, n=20)[-1],
        cpu_median_ms=median(processor),
        cpu_p95_ms=quantiles(processor, n=20)[-1],
        queries=len(queries),
    )


def _milliseconds(index: KnowledgeIndex, query: str) -> tuple[float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    index.search(query)
    return 1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - processor)
