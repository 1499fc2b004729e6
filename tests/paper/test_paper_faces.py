"""The comparison in the report, on the command line and in a checkpoint."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from paper_pairs import Planted, load_pairs, write_pair

from misrun import investigate
from misrun.agents.auditors.paper_alignment import audit
from misrun.agents.graph import _record_types
from misrun.agents.report import Report
from misrun.report.html.document import to_html
from misrun.report.markdown import to_markdown
from misrun.report.terminal import to_text
from misrun.tools.readers.registry import read_run

PAIR = next(pair for pair in load_pairs("pairs") if pair.name == "decoder-lm")
HOSTILE = "# <script>alert(1)</script> | `x` @everyone\n\n## 4 \x1b[31m<img src=x onerror=alert(1)>\n\nA learning rate of 0.5 is used.\n"


def planted(topic: str) -> Planted:
    return next(one for one in PAIR.planted if one.topic == topic)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("paper")
    paper = write_pair(PAIR, planted("learning_rate"), folder)
    return investigate(folder / "code", paper=paper)


def misrun(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "misrun", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_the_report_holds_the_comparison(report: Report) -> None:
    (audited,) = [one for one in report.audits if one.agent == "paper_alignment"]
    assert audited.status == "done" and audited.alignment is not None
    (row,) = audited.alignment.of("discrepancy")
    assert (row.topic, [str(span) for span in row.code], row.paper and row.paper.line) == (
        "learning_rate",
        ["train.py:5"],
        11,
    )
    assert len(audited.alignment.of("verified")) >= 12
    assert Report.model_validate_json(report.model_dump_json(by_alias=True)) == report


def test_every_face_shows_both_sides_with_their_places(report: Report) -> None:
    text, page, markdown = to_text(report, 80), to_html(report), to_markdown(report)
    assert max(map(len, text[text.index("Paper: paper.md") : text.index("What is known")].splitlines())) <= 80
    for shown in (text, page, markdown):
        assert "train.py:5" in shown and "line 11" in shown
        assert "0.003" in shown and "0.0003" in shown
    assert "Discrepancies" in page and 'href="#paper"' in page


def test_a_run_without_a_paper_has_no_such_section(tmp_path: Path) -> None:
    write_pair(PAIR, None, tmp_path)
    report = investigate(tmp_path / "code")
    assert "paper_alignment" not in [audited.agent for audited in report.audits]
    assert "Paper:" not in to_text(report) and 'href="#paper"' not in to_html(report)


def test_text_of_a_paper_acts_on_no_display(tmp_path: Path) -> None:
    write_pair(PAIR, None, tmp_path)
    (tmp_path / "paper.md").write_text(HOSTILE)
    report = investigate(tmp_path / "code", paper=tmp_path / "paper.md")
    assert "<script>alert" not in to_html(report) and "<img" not in to_html(report)
    assert "<img" not in to_markdown(report)
    assert "\x1b" not in to_text(report)


def test_a_comparison_survives_a_checkpoint(tmp_path: Path) -> None:
    paper = write_pair(PAIR, planted("beta2"), tmp_path)
    audited = audit(tmp_path / "code", paper)
    assert audited.alignment is not None
    serde = JsonPlusSerializer(allowed_msgpack_modules=_record_types())
    restored = serde.loads_typed(serde.dumps_typed(audited))
    assert restored.alignment == audited.alignment


def test_a_paper_in_the_run_folder_is_not_read_as_settings(tmp_path: Path) -> None:
    write_pair(PAIR, planted("learning_rate"), tmp_path)
    inside = tmp_path / "code" / "paper.md"
    inside.write_text(PAIR.text + "\nlearning_rate: 3e-4\n")
    found = audit(tmp_path / "code", inside, config=read_run(tmp_path / "code").config).alignment
    assert found is not None
    assert [row.topic for row in found.of("discrepancy")] == ["learning_rate"]


def test_inspect_writes_text_json_and_sarif(tmp_path: Path) -> None:
    paper = write_pair(PAIR, planted("learning_rate"), tmp_path)
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.rglob("*") if path.is_file()}
    done = misrun("inspect", tmp_path / "code", "--paper", paper)
    assert done.returncode == 1
    assert "train.py:5: error: the paper says learning rate 0.0003 (paper.md, line 11" in done.stdout
    found = json.loads(misrun("inspect", tmp_path / "code", "--paper", paper, "--format", "json").stdout)
    assert [row["topic"] for row in found["paper"]["comparisons"] if row["outcome"] == "discrepancy"] == [
        "learning_rate"
    ]
    (run,) = json.loads(misrun("inspect", tmp_path / "code", "--paper", paper, "--format", "sarif").stdout)["runs"]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "paper/learning_rate"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 5
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in before} == before


def test_inspect_is_content_with_code_that_agrees(tmp_path: Path) -> None:
    paper = write_pair(PAIR, None, tmp_path)
    assert misrun("inspect", tmp_path / "code", "--paper", paper).returncode == 0


@pytest.mark.parametrize("command", ["inspect", "investigate"])
def test_a_paper_that_cannot_be_read_ends_with_words(command: str, tmp_path: Path) -> None:
    write_pair(PAIR, None, tmp_path)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    for paper, words in ((tmp_path / "none.md", "no such file"), (tmp_path / "broken.pdf", "damaged PDF")):
        done = misrun(command, tmp_path / "code", "--paper", paper)
        assert done.returncode == 2 and "Traceback" not in done.stderr
        assert words in " ".join(done.stderr.split())
