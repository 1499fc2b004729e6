"""The graph's own contract: state keys, the bounded way back, what may stand in a checkpoint."""

from pathlib import Path

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from misrun.agents import graph, investigation
from misrun.agents.validator import Validation
from misrun.agents.workbench import Workbench
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out


def final_state(run: Path) -> graph.State:
    bench = Workbench(investigation.new_request(run))
    state: graph.State = {}
    items = graph.build_graph(InMemorySaver()).stream(
        graph.State(request=bench.request), {"configurable": {"thread_id": "t"}}, context=bench, stream_mode="updates"
    )
    for update in items:
        for returned in update.values():
            assert set(returned) <= set(graph.State.__annotations__), returned
            state.update(returned)
    return state


def test_every_key_a_node_returns_is_a_state_key(tmp_path: Path) -> None:
    state = final_state(lay_out(load("r087"), tmp_path))
    assert state["report"].complete


def test_the_jax_auditor_is_sent_out_where_the_run_imports_jax(tmp_path: Path) -> None:
    code = (
        "import jax\nkey = jax.random.PRNGKey(0)\nx = jax.random.normal(key, (3,))\ny = jax.random.normal(key, (3,))\n"
    )
    (tmp_path / "train.py").write_text(code)
    (tmp_path / "train.log").write_text("".join(f"step {i} loss {0.9 - 0.001 * i:.4f}\n" for i in range(60)))
    audits = {audit.agent: audit for audit in final_state(tmp_path)["report"].audits}
    assert set(audits) == {"silent_bug", "data_flow", "jax_logic"}
    assert [f.check for f in audits["jax_logic"].findings] == ["key-reused"]
    (tmp_path / "train.py").write_text("import torch\n")
    assert {audit.agent for audit in final_state(tmp_path)["report"].audits} == {"silent_bug", "data_flow"}


def test_the_validator_sends_the_literature_agent_out_at_most_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    real = graph.search_literature

    def counting(*args, **kwargs):  # type: ignore[no-untyped-def]
        asked.append(tuple(kwargs["modes"]))
        return real(*args, **kwargs)

    def never_convinced(steps, *_):  # type: ignore[no-untyped-def]
        return Validation(tuple(steps), False, ("optimization/gradient_explosion",), "not convinced")

    monkeypatch.setattr(graph, "search_literature", counting)
    monkeypatch.setattr(graph, "validate", never_convinced)
    state = final_state(lay_out(load("r087"), tmp_path))
    assert state["report"].complete
    assert asked == [(), ("optimization/gradient_explosion",), ("optimization/gradient_explosion",)]


def test_the_checkpoint_brings_back_equal_records(tmp_path: Path) -> None:
    bench = Workbench(investigation.new_request(lay_out(load("r077"), tmp_path / "run")))
    saver = graph.open_saver(tmp_path / "sessions.sqlite")
    last: graph.State = {}
    for item in graph.stream(saver, bench, resume=False):
        if isinstance(item, dict):
            last = item
    saved = graph.saved_state(saver, bench.request.id)
    assert saved is not None
    assert saved["report"] == last["report"]
    assert type(saved["signals"][0]) is type(last["signals"][0])


def test_a_session_that_never_was_has_no_state(tmp_path: Path) -> None:
    assert graph.saved_state(graph.open_saver(tmp_path / "empty.sqlite"), "nobody") is None


def test_tracing_by_environment_stays_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With LangSmith tracing switched on for the shell, no run of ours may be handed to its client."""
    from langsmith import utils

    seen: list[object] = []
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "not-a-key")
    utils.get_env_var.cache_clear()
    real = graph.measure

    def measuring(run):  # type: ignore[no-untyped-def]
        seen.append(utils.tracing_is_enabled())
        return real(run)

    monkeypatch.setattr(graph, "measure", measuring)
    bench = Workbench(investigation.new_request(lay_out(load("r077"), tmp_path)))
    assert list(graph.stream(graph.open_saver(tmp_path / "s.sqlite"), bench, resume=False))
    utils.get_env_var.cache_clear()
    assert seen == [False]
