"""Secrets planted in every file of a run, and everything that misrun writes about it searched for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from planted_run import plant, values
from typer.testing import CliRunner

from misrun.agents.investigation import load_report, new_request
from misrun.agents.report import Report
from misrun.agents.request import InvestigationError
from misrun.cli.app import app
from misrun.cli.output import Format, render
from misrun.tools.code.inspect import inspect
from misrun.tools.readers.registry import read_run


def leaks(content: bytes) -> list[str]:
    """What of the secrets stands in `content`, as it is or as one of the usual writings spells it."""
    text = content.decode("utf-8", "replace")
    spelled = (
        text.replace("\\/", "/").replace("\\u002b", "+").replace("&#43;", "+").replace("%2F", "/").replace("%2B", "+")
    )
    return [value for value in values() if value in text or value in spelled]


def everything_below(folder: Path) -> bytes:
    return b"\n".join(
        f"{p.relative_to(folder)}".encode() + p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted") / "run"
    folder.mkdir()
    plant(folder)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own, so that all of it can be searched."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MISRUN_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def written(run: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path, str]:
    """One investigation from the command line: the report, the folder it wrote to, all that it said."""
    out = tmp_path_factory.mktemp("out")
    asked = ["investigate", str(run), "--out", str(out / "report.html"), "--plot", str(out / "plot.svg"), "--tried",
             f"logged in with {values()[6]}"]  # fmt: skip
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    (stored,) = (home / "reports").glob("*.json")
    return load_report(stored.stem), out, done.output


def test_the_files_do_hold_them(run: Path) -> None:
    assert len(values()) > 90
    assert set(leaks(everything_below(run))) == set(values())


def test_nothing_that_is_said_or_written_holds_one(written: tuple[Report, Path, str]) -> None:
    report, out, said = written
    assert leaks(said.encode()) == []
    assert leaks(everything_below(out)) == []
    for style in Format:
        assert leaks(render(report, style).encode()) == [], style


def test_nothing_that_is_kept_holds_one(written: tuple[Report, Path, str], home: Path) -> None:
    assert written
    assert leaks(everything_below(home)) == []


def test_the_report_says_how_many_and_is_still_about_the_run(written: tuple[Report, Path, str]) -> None:
    report, _, _ = written
    assert sum(report.redacted.values()) >= 60
    assert any("secrets were redacted (" in note for note in report.notes)
    assert any("train.log" in str(span) for span in report.characterization.symptom.spans)
    assert any(finding.file == "train.py" for finding in report.findings)
    assert "[redacted:" in render(report, Format.json)


def test_a_partial_report_and_its_checkpoints(run: Path, home: Path) -> None:
    from misrun.agents.investigation import investigate
    from misrun.agents.workbench import Workbench

    request = new_request(run)
    first = investigate(request, timeout=0.05)
    assert not first.complete
    Workbench(request).run  # noqa: B018 - the reader itself, once more, as a resumed session does
    assert leaks(everything_below(home)) == []


def test_pasted_text(run: Path, home: Path) -> None:
    done = CliRunner().invoke(app, ["investigate", "-", "--json"], input=(run / "train.log").read_bytes())
    assert done.exit_code == 0, done.output
    assert leaks(done.output.encode()) == [] and leaks(everything_below(home)) == []


@pytest.mark.parametrize("asked", [["inspect", "--fail-on", "error"], ["inspect", "--format", "json"],
                                   ["inspect", "--format", "sarif"], ["flow"], ["flow", "--json"]])  # fmt: skip
def test_code_alone(run: Path, asked: list[str]) -> None:
    done = CliRunner().invoke(app, [asked[0], str(run), *asked[1:]])
    assert done.exit_code in (0, 1) and "train.py" in done.output
    assert leaks(done.output.encode()) == []


def test_a_patch_beside_a_secret_is_redacted_too(run: Path) -> None:
    patches = [finding.patch or "" for finding in inspect(run).findings]
    assert any(leaks(patch.encode()) for patch in patches), "the folder no longer tests this"
    done = CliRunner().invoke(app, ["inspect", str(run)])
    assert "[redacted:" in done.output


def test_answers_to_assistants(run: Path) -> None:
    from mcp import Client

    from misrun.mcp.server import build_server
    from misrun.mcp.service import Options

    async def conversation() -> list[str]:
        said = []
        async with Client(build_server(Options(roots=(run,)))) as client:
            for tool in ("characterize", "diagnose", "inspect_code", "trace_data_flow", "investigate"):
                result: Any = await client.call_tool(tool, {"path": "."})
                assert not result.is_error, result.content
                said.append(str(result.content) + str(result.structured_content))
        return said

    for said in anyio.run(conversation):
        assert leaks(said.encode()) == []


def test_what_a_model_is_asked_and_what_is_recorded_of_it(run: Path, tmp_path: Path) -> None:
    from misrun.tools.llm.cassette import Cassette
    from misrun.tools.llm.model import ChatRequest, Message
    from misrun.tools.llm.scripted import ScriptedModel

    model = ScriptedModel(["fine"])
    text = (run / "train.log").read_text()
    Cassette(tmp_path / "tape.jsonl", model).chat(ChatRequest(messages=(Message(role="user", content=text),)))
    assert leaks(model.requests[0].model_dump_json().encode()) == []
    assert leaks(everything_below(tmp_path)) == []


def test_own_documents(run: Path, tmp_path: Path) -> None:
    from misrun.knowledge.ingest import Ingestion
    from misrun.knowledge.own_documents import OwnDocuments

    (tmp_path / "wiki").mkdir()
    (tmp_path / "wiki" / "login.md").write_text("# Logging in\n\n" + (run / "train.log").read_text())
    with OwnDocuments(tmp_path / "own") as own:
        assert Ingestion(own, None).add_path(tmp_path / "wiki").added == 1
        assert own.search("logging in upload refused", 3, None)
    assert leaks(everything_below(tmp_path / "own")) == []


def test_a_conversation(run: Path, tmp_path: Path) -> None:
    from misrun.agents.researcher.conversation import Conversation
    from misrun.agents.researcher.store import ConversationStore

    store = ConversationStore(tmp_path)
    talk = Conversation(store, store.create())
    for said in (
        (run / "train.log").read_text()[-20_000:],
        f"I tried it with {values()[6]}, no change",
        "/code <stdin>",
    ):
        assert leaks("".join(event.model_dump_json() for event in talk.say(said)).encode()) == []
    assert leaks(everything_below(tmp_path)) == []


def test_what_must_be_kept_as_it_is_may_hold_none(tmp_path: Path, run: Path) -> None:
    secret = values()[6]
    for asked in (
        {"path": tmp_path / secret},
        {"path": run, "baseline": tmp_path / secret},
        {"path": run, "command": ("python", "train.py", "--hub_token", secret)},
    ):
        with pytest.raises(InvestigationError, match="holds a secret") as refusal:
            new_request(**asked)
        assert leaks(str(refusal.value).encode()) == []
    done = CliRunner().invoke(app, ["investigate", str(tmp_path / secret)])
    assert done.exit_code == 2 and leaks(done.output.encode()) == []


def test_a_file_whose_name_holds_one_is_read_under_another_name(run: Path) -> None:
    record = read_run(run)
    names = [file.path for file in record.files if file.path.startswith("eval-")]
    assert len(names) == 3 and all("[redacted:" in name for name in names)
    assert sum(len(s.values) for s in record.series if s.file in names) >= 120
