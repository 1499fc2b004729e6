"""The faces of a report: widths, foreign text, the contract for scripts, and the README's example."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from misrun import investigate
from misrun.agents.report import Report
from misrun.cli.output import Format, render
from misrun.report.markdown import to_markdown
from misrun.report.terminal import to_text
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return investigate(lay_out(load("r087"), tmp_path_factory.mktemp("run")))


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(report: Report, width: int) -> None:
    lines = to_text(report, width).splitlines()
    addresses = {entry.url for entry in report.evidence}
    assert [line for line in lines if len(line) > width and not any(url in line for url in addresses)] == []


def test_the_report_reads_without_colour(report: Report) -> None:
    text = to_text(report)
    assert "\x1b" not in text
    for part in ("What happened", "Why", "Code", "What is known", "Next steps", "train.py:32"):
        assert part in text


def test_no_color_and_a_pipe_give_plain_text(tmp_path: Path) -> None:
    run = lay_out(load("r077"), tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "misrun", "investigate", str(run), "-q"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "80"},
    )
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    assert "opslm/vocab.py:15" in done.stdout


HOSTILE = "\x1b]0;pwned\x07 \u202egnp.exe <img src=x onerror=alert(1)> [click](javascript:x) @everyone | `rm`"


def hostile(report: Report) -> Report:
    symptom = report.characterization.symptom.model_copy(update={"value": HOSTILE})
    return report.model_copy(
        update={
            "path": HOSTILE,
            "characterization": report.characterization.model_copy(update={"symptom": symptom}),
            "notes": (HOSTILE,),
        }
    )


def test_foreign_text_cannot_act_on_the_terminal(report: Report) -> None:
    text = to_text(hostile(report))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_foreign_text_cannot_become_markup(report: Report) -> None:
    text = to_markdown(hostile(report))
    assert "<img" not in text
    assert "[click](" not in text
    assert " @everyone" not in text


def test_foreign_text_cannot_end_a_block_of_code(report: Report) -> None:
    steps = (report.steps[0].model_copy(update={"patch": "+```\n+# [click](x)\n"}),)
    text = to_markdown(report.model_copy(update={"steps": steps}))
    assert "   ````diff\n   +```\n   +# [click](x)\n   ````" in text


def test_markdown_fits_into_a_comment_and_folds_what_is_long(report: Report) -> None:
    text = to_markdown(report)
    assert len(text) < 65_536  # GitHub's limit for the body of an issue or comment
    assert text.count("<details>") == text.count("</details>") > 0
    assert text.index("## Next steps") < text.index("## What is known")


def test_markup_of_the_terminal_library_in_a_log_is_shown_as_it_is(report: Report) -> None:
    marked = report.model_copy(update={"notes": ("[bold red]not markup[/] [link=file:///etc]x[/link]",)})
    assert "[bold red]not markup[/]" in to_text(marked, 120)


def test_json_holds_the_contract_of_the_design(report: Report) -> None:
    data = json.loads(render(report, Format.json))
    assert set(data["verdict"]) >= {"category", "mode", "likelihood", "abstained", "missing"}
    symptom = data["characterization"]["symptom"]
    assert set(symptom) >= {"value", "origin", "spans"}
    assert set(symptom["spans"][0]) >= {"file", "first", "last"}
    assert set(data["characterization"]) >= {"symptom", "expected", "started", "tried", "environment"}
    assert set(data["evidence"][0]) >= {
        "id",
        "url",
        "title",
        "level",
        "query",
        "problem",
        "cause",
        "fix",
        "applicability",
        "why",
    }
    assert set(data["findings"][0]) >= {"check", "agent", "file", "line", "severity", "confidence", "message", "patch"}
    assert set(data["steps"][0]) >= {
        "what",
        "why",
        "how",
        "verify",
        "likelihood",
        "effort",
        "diagnostic_value",
        "refs",
        "patch",
        "verdict",
    }
    assert set(data["search"][0]) >= {"level", "query", "hits"}


def test_the_schema_command_describes_the_report() -> None:
    done = subprocess.run([sys.executable, "-m", "misrun", "schema"], capture_output=True, text=True, check=True)
    schema = json.loads(done.stdout)
    assert schema["title"] == "Report"
    assert {"for", "against"} <= set(schema["$defs"]["Hypothesis"]["properties"])


def test_out_writes_the_format_of_its_suffix(tmp_path: Path) -> None:
    run = lay_out(load("r013"), tmp_path / "run")
    for name, start in (("r.json", "{"), ("r.md", "# misrun"), ("r.txt", "misrun ·"), ("r.html", "<!doctype html>")):
        command = [sys.executable, "-m", "misrun", "investigate", str(run), "-q", "--out", str(tmp_path / name)]
        subprocess.run(command, check=True, capture_output=True)
        assert (tmp_path / name).read_text().startswith(start)


def test_the_report_shown_in_the_readme_is_the_report_of_the_demo(report: Report) -> None:
    shown = (ROOT / "README.md").read_text().split("```text\n")[1].split("```")[0].splitlines()
    real = {line.strip() for line in to_text(report).splitlines()}
    footer = next(number for number, line in enumerate(shown) if line.startswith("Read "))  # holds the seconds it took
    told = [line.strip() for line in shown[:footer] if line.strip() not in {"", "..."} and "misrun ·" not in line]
    assert len(told) > 25
    assert [line for line in told if line not in real] == []
