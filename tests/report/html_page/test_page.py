"""What the page holds, that foreign text stays text, and that the file stands alone."""

import base64
import hashlib
import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from misrun.agents.characterization import Characterization
from misrun.agents.report import Answer, Report
from misrun.report.html.axis import Axis
from misrun.report.html.cited import RunFiles, shown
from misrun.report.html.document import to_html
from misrun.report.html.panels import training_plot
from misrun.report.html.plots import table
from misrun.tools.readers.registry import read_run
from misrun.tools.record import Span
from misrun.tools.redact.redactor import Redactor
from misrun.tools.signals.signal import Signal

ROOT = Path(__file__).parents[3]
VENDOR = ROOT / "misrun" / "report" / "html" / "vendor"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[31m\"'&"


class Tags(HTMLParser):
    """Every element with its attributes, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def empty_report(path: str) -> Report:
    verdict = Answer(category="unknown", mode="unknown/unknown", likelihood=0.0, mode_likelihood=0.0, abstained=True)
    return Report(
        id="0", created="2026-01-01T00:00:00", path=path, verdict=verdict, characterization=Characterization()
    )


def plot_data(page: str) -> dict[str, list[dict[str, list[list[float]]]]]:
    found = re.search(r'<script type="application/json" id="plot-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def test_every_part_of_the_report_is_there(report: Report, page: Path) -> None:
    text = html.unescape(page.read_text())
    assert "Unstable arithmetic (optimization), likelihood" in text
    for name in (
        "timeline",
        "plots",
        "template",
        "why",
        "steps",
        "code",
        "literature",
        "searched",
        "cited",
        "versions",
    ):
        assert f'<section id="{name}">' in text
    assert report.versions["corpus"] in text
    for step in report.steps:
        assert step.what in text


def test_every_link_inside_the_page_has_its_target(page: Path) -> None:
    tags = Tags(page.read_text())
    ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    inner = [link["href"] for link in tags.named("a") if (link["href"] or "").startswith("#")]
    assert len(inner) > 20
    assert {href[1:] for href in inner if href} <= set(ids)


def test_only_the_scripts_and_the_style_named_by_digest_may_run(page: Path) -> None:
    text = page.read_text()
    policy = next(m["content"] for m in Tags(text).named("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for block in re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", text, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_no_element_loads_anything(page: Path) -> None:
    tags = Tags(page.read_text())
    assert not {"img", "link", "iframe", "object", "embed", "form"} & {name for name, _ in tags.found}
    assert [name for name, attributes in tags.found if {"src", "style"} & set(attributes)] == []


def test_hostile_text_stays_text(report: Report, tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("".join(f"step {n} loss {1 / (n + 1)} {HOSTILE}\n" for n in range(30)))
    span = Span(file="train.log", first=3, last=4)
    symptom = report.characterization.symptom.model_copy(update={"value": HOSTILE, "spans": (span,)})
    step = report.steps[0].model_copy(update={"patch": f"+{HOSTILE}\n", "arguments": (HOSTILE,), "what": HOSTILE})
    entry = report.evidence[0].model_copy(update={"url": "javascript:alert(3)", "title": HOSTILE})
    foreign = report.model_copy(
        update={
            "path": str(tmp_path),
            "characterization": report.characterization.model_copy(update={"symptom": symptom}),
            "steps": (step,),
            "evidence": (entry,),
            "notes": (HOSTILE,),
        }
    )
    text = to_html(foreign)
    tags = Tags(text)
    assert len(tags.named("script")) == 3
    assert not [attributes for _, attributes in tags.found if any(key.startswith("on") for key in attributes)]
    assert tags.named("img") == []
    assert not [link for link in tags.named("a") if (link["href"] or "").startswith("javascript")]
    assert not {"\u202e", "\x1b"} & set(text)


def test_a_run_of_a_hundred_thousand_points_stays_small_and_keeps_its_spike(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(100_000, 4)).tolist()
    rows[61_234][0] = 98765.4
    lines = (f"{n},{a},{b},{c},{d}" for n, (a, b, c, d) in enumerate(rows))
    (tmp_path / "metrics.csv").write_text("\n".join(["step,loss,val_loss,grad_norm,lr", *lines]) + "\n")
    text = to_html(empty_report(str(tmp_path)))
    assert len(text.encode()) < 3_000_000
    assert 98765.4 in plot_data(text)["panels"][0]["table"][1]


def test_a_run_that_is_gone_gives_a_page_that_says_so(tmp_path: Path) -> None:
    text = to_html(empty_report(str(tmp_path / "gone")))
    assert "The run is no longer at" in text
    assert 'id="plot-data"' not in text


def test_a_panel_that_was_not_logged_says_what_to_log(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("".join(f"step {n} loss {1 / (n + 1):.4f}\n" for n in range(30)))
    panels = training_plot(empty_report(str(tmp_path)), read_run(tmp_path)).panels
    assert [panel.title for panel in panels if panel.lines] == ["Loss"]
    assert all(panel.missing for panel in panels)


def test_the_onset_and_the_anomalies_are_on_the_axis(report: Report) -> None:
    files = RunFiles.of(report)
    assert files is not None
    plot = training_plot(report, files.run)
    assert (plot.axis, plot.onset) == ("step", 400.0)
    loss = plot.panels[0]
    assert [mark.x for mark in loss.marks] == [400.0]
    assert loss.gaps[0][0] == 400.0


def test_what_is_counted_in_epochs_is_placed_by_its_line(tmp_path: Path) -> None:
    text = "".join(
        f"step {n} loss {2 - n / 100}\n" + (f"epoch {n // 10} val_loss {2.5 - n / 100}\n" if n % 10 == 0 else "")
        for n in range(1, 41)
    )
    (tmp_path / "train.log").write_text(text)
    run = read_run(tmp_path)
    axis = Axis.of(run, "step")
    validation = run.best("loss", "eval")
    assert validation is not None
    assert axis.of_series(validation) == [10.0, 20.0, 30.0, 40.0]
    late = Signal(
        name="validation_gap", text="rises", step=3.0, spans=(validation.span(2),), values={"step_kind": "epoch"}
    )
    assert axis.of_signal(late) == 30.0


def test_a_resumed_run_is_drawn_in_parts(tmp_path: Path) -> None:
    steps = [*range(20), *range(10, 30)]
    (tmp_path / "metrics.csv").write_text("step,loss\n" + "".join(f"{n},{1 / (n + 1)}\n" for n in steps))
    lines = training_plot(empty_report(str(tmp_path)), read_run(tmp_path)).panels[0].lines
    assert [line.label for line in lines] == ["loss, part 1", "loss, part 2"]
    places = table(lines)[0]
    assert places == sorted(places)


def test_a_log_that_breaks_off_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("".join(f"step {n} loss {1 / (n + 1):.4f}\n" for n in range(30)))
    assert "how the run ended is not told" in to_html(empty_report(str(tmp_path)))


def test_cited_lines_that_are_gone_are_told_as_gone(report: Report, tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("step 1 loss 0.5\n")
    assert "train.log has changed since" in to_html(report.model_copy(update={"path": str(tmp_path)}))


def test_cited_lines_hide_keys_to_accounts() -> None:
    assert shown("hub_token: 'hf_abcdef'", Redactor()) == "hub_token: '[redacted:token#1]'"
    assert shown("max_tokens: 512", Redactor()) == "max_tokens: 512"


def test_the_embedded_library_is_the_noted_one() -> None:
    noted = dict(re.findall(r"\| `(\S+)` \| `([0-9a-f]{64})` \|", (VENDOR / "README.md").read_text()))
    assert set(noted) == {"uPlot.iife.min.js", "uPlot.min.css"}
    for name, digest in noted.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize(("name", "start"), [("p.svg", b"<?xml"), ("p.png", b"\x89PNG")])
def test_the_plot_is_written_as_a_picture(report: Report, tmp_path: Path, name: str, start: bytes) -> None:
    pytest.importorskip("matplotlib")
    from misrun.report.figure import write_figure

    write_figure(report, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_a_plot_of_another_kind_is_refused_before_the_run_is_read(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "misrun", "investigate", str(tmp_path), "--plot", str(tmp_path / "plot.pdf")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "misrun: plot.pdf: a plot is written as .svg or .png.\n"
