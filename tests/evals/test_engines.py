from importlib.util import find_spec
from pathlib import Path

import pytest

from misrun.evals.cases import EvalCase
from misrun.evals.engines import Engine, each
from misrun.evals.run import Task, run
from misrun.evals.splits import Fold


def added(shared: int, item: int) -> int:
    return shared + item


def test_every_item_comes_back_with_its_result() -> None:
    assert sorted(each(added, 10, [1, 2, 3], 2, Engine.local)) == [(1, 11), (2, 12), (3, 13)]
    assert list(each(added, 10, [], 2, Engine.local)) == []


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.skipif(find_spec("ray") is None, reason='needs ray: pip install "misrun[ray]"')
def test_a_ray_cluster_comes_to_the_same_rows(
    case: "pytest.FixtureRequest", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    modes = ["optimization/oscillation", "healthy/healthy"] * 4
    cases: list[EvalCase] = [
        case(f"c{i}", mode, values=[3.0 - 0.02 * j for j in range(80)]) for i, mode in enumerate(modes)
    ]  # type: ignore[operator]
    tasks = [Task(method, Fold("stratified", "a", (0, 1, 2, 3), (4, 5, 6, 7))) for method in ("simple_rules", "misrun")]
    try:
        found = [run(cases, tasks, tmp_path / f"{engine}.jsonl", 2, engine) for engine in Engine]
    finally:
        ray.shutdown()
    here, there = ({row.key: row.model_copy(update={"seconds": 0.0}) for row in rows} for rows in found)
    assert here == there
    assert len(here) == 8
