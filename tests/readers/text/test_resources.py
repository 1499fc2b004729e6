"""Memory and step times under the names people give them, and what the last line of a dying step still tells."""

from collections.abc import Callable

import pytest

from misrun.tools.readers.metric_names import canonical_metric
from misrun.tools.readers.run_record import RunRecord

Read = Callable[[str | bytes], RunRecord]


@pytest.mark.parametrize(
    "name", ["rss", "RAM used", "max_rss_mb", "maxrss", "cuda_mem_peak_gb", "Mem (GB)", "cpu_ram_percent"]
)
def test_memory_by_its_words(name: str) -> None:
    assert canonical_metric(name)[0] == "memory"


@pytest.mark.parametrize("name", ["sec_per_step", "s/it", "ms/batch", "seconds_per_iteration", "step_time_ms"])
def test_step_time_by_its_words(name: str) -> None:
    assert canonical_metric(name)[0] == "step_time"


@pytest.mark.parametrize("name", ["memory_size", "total memory", "memory limit", "time_steps", "batch_size"])
def test_settings_and_capacities_are_neither(name: str) -> None:
    assert canonical_metric(name)[0] not in ("memory", "step_time")


def test_a_unit_behind_two_words(read: Read) -> None:
    run = read("".join(f"epoch 1 | batch {i} | loss {2 / i:.3f} | RAM used {i / 2} GB\n" for i in range(1, 6)))
    assert [s.values for s in run.named("memory")] == [(512.0, 1024.0, 1536.0, 2048.0, 2560.0)]


def test_the_last_line_holds_what_was_printed_before_the_loss(read: Read) -> None:
    run = read("".join(f"step={i} frames={40 + i} loss={2 / (i + 1):.3f}\n" for i in range(5)) + "step=5 frames=9000 ")
    assert [s.values for s in run.named("frames")] == [(40.0, 41.0, 42.0, 43.0, 44.0, 9000.0)]
    assert len(run.named("loss")[0].values) == 5


def test_a_number_before_its_unit_of_speed(read: Read) -> None:
    run = read("".join(f"iter {i} loss {2 / i:.3f} {i / 10} s/it rss {900 + i} MB\n" for i in range(1, 8)))
    assert [s.values for s in run.named("step_time")] == [(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)]
    assert [s.values[0] for s in run.named("memory")] == [901.0]
