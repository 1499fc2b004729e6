"""How long a search takes: the first one of a process, and those after it."""

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
_RUNS = 3


class Timing(Record):
    """Seconds of the first search in a fresh process, imports included, and milliseconds of a query in a warm one."""

    first_seconds: float
    median_ms: float
    p95_ms: float
    queries: int


def measure(index: KnowledgeIndex, queries: Sequence[str]) -> Timing:
    """Time the first search in some fresh processes, and every query once here after one to warm up."""
    command = [sys.executable, "-c", _FIRST]
    first = [float(subprocess.run(command, capture_output=True, check=True, text=True).stdout) for _ in range(_RUNS)]
    index.search(queries[0])
    times = [1000 * _seconds(index, query) for query in queries]
    return Timing(
        first_seconds=median(first),
        median_ms=median(times),
        p95_ms=quantiles(times, n=20)[-1],
        queries=len(times),
    )


def _seconds(index: KnowledgeIndex, query: str) -> float:
    start = time.perf_counter()
    index.search(query)
    return time.perf_counter() - start
