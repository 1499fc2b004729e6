"""Every tool, called by the official client."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from project_for_mcp import connected, log_text

from misrun.mcp.bounds import MOST_CHARACTERS
from misrun.mcp.server import TOOLS, build_server
from misrun.mcp.service import Options

NAMES = {
    "audit_jax",
    "audit_paper",
    "benchmark_support",
    "characterize",
    "diagnose",
    "get_report",
    "inspect_code",
    "investigate",
    "list_scenarios",
    "search_literature",
    "trace_data_flow",
}


async def answer(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


def test_every_tool_says_what_it_takes_and_that_it_only_reads() -> None:
    listed = anyio.run(build_server(Options()).list_tools)
    assert {tool.name for tool in listed} == NAMES == {tool.__name__ for tool, _ in TOOLS}
    for tool in listed:
        assert tool.annotations is not None and tool.annotations.read_only_hint, tool.name
        assert tool.output_schema is not None, tool.name
        for name, argument in tool.input_schema["properties"].items():
            assert len(argument.get("description", "")) > 15, f"{tool.name}({name})"


def test_only_a_server_that_may_run_code_says_that_it_does_more_than_read() -> None:
    listed = anyio.run(build_server(Options(allow_run=True)).list_tools)
    assert {t.name for t in listed if t.annotations and not t.annotations.read_only_hint} == {"investigate"}


def test_a_whole_investigation(ask: Any) -> None:
    async def conversation(client: Client) -> None:
        told: list[str] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            told.append(message or "")

        result = await client.call_tool("investigate", {"path": "run"}, progress_callback=progress)
        assert not result.is_error, result.content
        found = result.structured_content or {}
        assert "step 40" in found["template"]["symptom"]["value"]
        assert found["mode"] == "optimization/unstable_arithmetic"
        assert "train.py:8" in [finding["place"] for finding in found["findings"]]
        assert found["steps"] and found["complete"]
        assert any(text.startswith("literature") for text in told) and any(text.startswith("report") for text in told)

        page = (await client.read_resource(found["report"])).contents[0]
        whole = (await client.read_resource(found["report"] + "/json")).contents[0]
        assert page.text.startswith("# misrun")
        assert json.loads(whole.text)["verdict"]["mode"] == found["mode"]
        assert await _parts(client, found["id"], "json") == whole.text
        index = json.loads((await client.read_resource("misrun://reports")).contents[0].text)
        assert found["id"] in [row["id"] for row in index]
        support = await answer(client, "benchmark_support", id=found["id"])
        assert len(support["steps"]) >= len(found["steps"])
        backed = [row for row in support["steps"] if row["of"]]
        assert all(row["cured"] == len(row["worked_in"]) for row in support["steps"])
        assert all(row["of"] == len(row["worked_in"]) + len(row["failed_in"]) for row in support["steps"])
        assert f"{len(backed)} of {len(support['steps'])} steps" in support["summary"]
        assert "fix:unclamped-log" in [step["action"] for step in json.loads(whole.text)["steps"]]
        assert backed, "the same fault was mended in a run of the benchmark"

    ask(conversation)


async def _parts(client: Client, session: str, format: str) -> str:
    """The whole report, part by part."""
    text, offset = "", 0
    while offset is not None:
        part = await answer(client, "get_report", id=session, format=format, offset=offset)
        assert len(part["text"]) <= MOST_CHARACTERS
        text, offset = text + part["text"], part["next_offset"]
    return text


def test_characterize_and_diagnose_a_pasted_log(ask: Any) -> None:
    async def conversation(client: Client) -> None:
        template = await answer(client, "characterize", text=log_text(), tried=["lower lr to 1e-4, no change"])
        assert "becomes NaN at step 40" in template["template"]["symptom"]["value"]
        assert "lower lr to 1e-4" in template["template"]["tried"]["value"]
        assert template["onset_step"] == 40
        found = await answer(client, "diagnose", text=log_text())
        assert found["category"] == "optimization" or found["abstained"]
        assert found["hypotheses"][0]["speaks_for"]

    ask(conversation)


def test_the_code_tools_name_the_line(ask: Any) -> None:
    async def conversation(client: Client) -> None:
        everything = await answer(client, "inspect_code", path="run")
        assert "unclamped-log" in [finding["check"] for finding in everything["findings"]]
        only = await answer(client, "inspect_code", path="run", only=["unclamped-log"], most=1)
        assert [(f["check"], f["place"]) for f in only["findings"]] == [("unclamped-log", "train.py:8")]
        flow = await answer(client, "trace_data_flow", path="run/train.py", sink="train.py:9")
        assert [row["place"] for row in flow["flows"]] == ["train.py:9"]
        asked = {
            "hypothesis": "all steps draw the same",
            "location": "noise.py:8",
            "look_for": ["key-carried-unchanged"],
        }
        jax = await answer(client, "audit_jax", path="jax_code", **asked)
        assert jax["findings"][0]["check"] == "key-carried-unchanged"
        assert (await answer(client, "audit_jax", path="run"))["status"] == "nothing_to_read"

    ask(conversation)


def test_code_is_compared_with_its_paper(project: Path, ask: Any) -> None:
    text = "# Pumps\n\n## Training\nWe use Adam with a learning rate of 0.003 and betas of 0.9 and 0.999.\n"
    (project / "paper.md").write_text(text)

    async def conversation(client: Client) -> None:
        found = await answer(client, "audit_paper", path="run", paper="paper.md")
        assert found["counts"]["discrepancy"] == 1
        row = found["discrepancies"][0]
        assert (row["topic"], row["places"]) == ("learning_rate", ["train.py:5"])
        assert row["paper_place"] == 'paper.md, line 4, "Training"'
        assert any("optimizer: adam" in text and "train.py:5" in text for text in found["verified"])

    ask(conversation)


def test_search_gives_addresses_and_the_entry_behind_each(ask: Any) -> None:
    async def conversation(client: Client) -> None:
        found = await answer(client, "search_literature", query="loss becomes nan with fp16", level="1", limit=3)
        assert 0 < len(found["entries"]) <= 3
        first = found["entries"][0]
        assert first["url"].startswith("https://") and first["level"] == 1
        entry = (await client.read_resource(f"misrun://knowledge/{first['id']}")).contents[0]
        assert json.loads(entry.text)["url"] == first["url"]
        mode = (await client.read_resource(f"misrun://modes/{first['modes'][0]}")).contents[0]
        assert first["modes"][0] in mode.text

    ask(conversation)


def test_scenarios_are_listed_without_their_answers(ask: Any) -> None:
    async def conversation(client: Client) -> None:
        rows = (await answer(client, "list_scenarios"))["scenarios"]
        assert len(rows) > 50
        assert set(rows[0]) == {"id", "architecture", "optimizer", "recording", "healthy"}
        some = (await answer(client, "list_scenarios", architecture=rows[0]["architecture"]))["scenarios"]
        assert 0 < len(some) < len(rows)

    ask(conversation)


def test_the_prompts_are_the_agents_protocols(ask: Any) -> None:
    async def conversation(client: Client) -> None:
        names = {prompt.name for prompt in (await client.list_prompts()).prompts}
        assert {"failure_mode_researcher", "silent_bug_detector", "paper_alignment_auditor"} <= names
        prompt = await client.get_prompt("silent_bug_detector", {"location": "train.py:8", "look_for": "log of 0"})
        text = prompt.messages[0].content.text
        assert "train.py:8" in text and "log of 0" in text and "{{" not in text

    ask(conversation)


def test_the_documentation_shows_a_call_of_every_tool() -> None:
    text = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text("utf-8")
    assert {line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")} == NAMES
    assert "Error executing tool" not in text


REFUSALS = [
    ("inspect_code", {}, "Field required"),
    ("inspect_code", {"path": 7}, "valid string"),
    ("inspect_code", {"path": ""}, "empty"),
    ("inspect_code", {"path": "a\0b"}, "not a path"),
    ("inspect_code", {"path": "/etc"}, "--root"),
    ("inspect_code", {"path": "../elsewhere"}, "--root"),
    ("inspect_code", {"path": "/nowhere/at/all"}, "--root"),
    ("inspect_code", {"path": "not_there"}, "does not exist"),
    ("inspect_code", {"path": "notes.txt"}, "is not Python"),
    ("inspect_code", {"path": "run", "only": ["unclamped"]}, "Near it: unclamped-log"),
    ("inspect_code", {"path": "run", "most": 0}, "greater than or equal"),
    ("audit_jax", {"path": "run", "location": "line 8"}, "is no place"),
    ("audit_paper", {"path": "run", "paper": "run/train.py"}, "no paper that can be read"),
    ("audit_paper", {"path": "run", "paper": "../paper.pdf"}, "--root"),
    ("characterize", {}, "either"),
    ("characterize", {"path": "run", "text": "loss"}, "either"),
    ("characterize", {"text": "   "}, "either"),
    ("characterize", {"text": "hello"}, "Supply"),
    ("diagnose", {"path": "run", "tried": "not a list"}, "valid tuple"),
    ("investigate", {"path": "run", "baseline": "/etc"}, "--root"),
    ("investigate", {"path": "run", "run_command": "python train.py"}, "--allow-run"),
    ("search_literature", {"query": ""}, "at least 1"),
    ("search_literature", {"query": "nan", "level": "5"}, "'all'"),
    ("get_report", {"id": "ffffffff"}, "no report"),
    ("get_report", {"id": "../../etc/passwd"}, "no report"),
    ("get_report", {"id": "/tmp/report.json"}, "no report"),
    ("benchmark_support", {"id": "zz"}, "no report"),
    ("list_scenarios", {"architecture": "perceptron"}, "There are"),
    ("no_such_tool", {}, "no_such_tool"),
]


def test_what_cannot_be_done_is_said_and_the_server_lives_on(ask: Any) -> None:
    async def conversation(client: Client) -> None:
        for name, arguments, words in REFUSALS:
            result = await client.call_tool(name, arguments)
            text = result.content[0].text
            assert result.is_error and words in text, (name, arguments, text)
            assert "secret" not in text
        assert (await answer(client, "inspect_code", path="run"))["files"] == 1

    ask(conversation)


@pytest.mark.parametrize(
    "uri", ["misrun://reports/ffffffff", "misrun://knowledge/none", "misrun://modes/optimization/none", "misrun://none"]
)
def test_unknown_addresses_are_refused(ask: Any, uri: str) -> None:
    async def conversation(client: Client) -> None:
        with pytest.raises(Exception, match=r"(?i)no |unknown|not found"):
            await client.read_resource(uri)
        assert (await client.read_resource("misrun://modes")).contents

    ask(conversation)


def test_a_report_of_another_project_is_not_given_away(project: Path, tmp_path: Path) -> None:
    async def main() -> None:
        async with connected(tmp_path / "elsewhere") as other:
            made = await answer(other, "investigate", path="train.log")
        async with connected(project) as client:
            result = await client.call_tool("get_report", {"id": made["id"]})
            assert result.is_error and "no report" in result.content[0].text
        async with connected(tmp_path) as client:
            assert (await answer(client, "get_report", id=made["id"]))["text"]

    anyio.run(main)


def test_answers_stay_short_whatever_the_log_holds(project: Path, ask: Any) -> None:
    noise = "x" * 100_000
    errors = (f"RuntimeError: thing {n} of kind {noise[:5000]} failed" for n in range(300))
    (project / "run" / "noise.log").write_text("\n".join([log_text(), noise, *errors]))

    async def conversation(client: Client) -> None:
        for name in ("investigate", "characterize", "diagnose"):
            result = await client.call_tool(name, {"path": "run"})
            assert not result.is_error, result.content
            assert len(result.content[0].text) < 1.5 * MOST_CHARACTERS, name

    ask(conversation)
