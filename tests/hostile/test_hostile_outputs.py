"""A report whose every foreign text is hostile, in every form it is written in: nothing in it acts."""

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import TEXTS
from test_hostile_files import failed_run

from misrun import investigate
from misrun.agents.report import Report
from misrun.cli.output import Format, render
from misrun.mcp.bounds import cut
from misrun.tools.record import Record
from misrun.tools.redact.redactor import Redactor
from misrun.tools.visible_text import visible

# Names and addresses that misrun itself gives; all other texts of a report may come from files.
_OWN = frozenset({
    "id", "created", "schema_version", "category", "mode", "rule", "status", "severity", "check", "agent", "kind",
    "origin", "applicability", "strength", "effort", "action", "evidence", "url", "stage", "unit", "classifier",
    "executed", "versions", "timings", "modes", "private",
})  # fmt: skip
_ACTIVE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u2028\u2029\u061c\U000e0000-\U000e007f]"
)
_TRAIN = "import torch\np = torch.sigmoid(model(x))\nloss = -(y * torch.log(p)).mean()\nloss.backward()\nopt.step()\n"


@cache
def _honest(folder: str) -> Report:
    run = failed_run(Path(folder) / "run")
    (run / "train.py").write_text(_TRAIN)
    (run / "config.yaml").write_text("lr: 0.001\n")
    return investigate(run)


@pytest.fixture
def honest(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return _honest(str(tmp_path_factory.getbasetemp()))


def poisoned(item: Any, text: str) -> Any:
    """The item with `text` within every text that may come from files."""
    if isinstance(item, str):
        return f"before {text} after"
    if isinstance(item, Record):
        changed = {name: value if name in _OWN else poisoned(value, text) for name, value in item.__dict__.items()}
        return item.model_copy(update=changed)
    if isinstance(item, tuple | list):
        return type(item)(poisoned(member, text) for member in item)
    if isinstance(item, dict):
        return {key: poisoned(value, text) for key, value in item.items()}
    return item


def hostile(honest: Report, name: str) -> Report:
    """As it leaves an investigation: redacted, which also mends broken characters."""
    report: Report = poisoned(honest, TEXTS[name])
    return Redactor().item(report)


def test_the_report_has_something_of_everything(honest: Report) -> None:
    assert honest.findings and honest.steps and honest.evidence and honest.hypotheses and honest.signals


every_text = pytest.mark.parametrize("name", TEXTS)


@every_text
def test_terminal(honest: Report, name: str) -> None:
    shown = render(hostile(honest, name), Format.terminal)
    assert _ACTIVE.findall(shown) == []
    assert "before" in shown


@every_text
def test_json(honest: Report, name: str) -> None:
    written = render(hostile(honest, name), Format.json)
    assert json.loads(written)["verdict"]["category"] == honest.verdict.category
    written.encode("utf-8")


class _Page(HTMLParser):
    """Notes what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[str] = []
        self.names: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "src", "srcdoc", "action", "formaction", "autofocus"):
                self.acts.append(f"<{tag} {name}={value!r}>")
            if name == "href" and value is not None:
                self.links.add(value)

    handle_startendtag = handle_starttag


@every_text
def test_html(honest: Report, name: str) -> None:
    page = _read(render(hostile(honest, name), Format.html))
    plain = _read(render(poisoned(honest, "x"), Format.html))
    assert page.acts == plain.acts == []
    assert page.names <= plain.names
    assert page.links == plain.links


def _read(text: str) -> _Page:
    page = _Page()
    page.feed(
        re.sub(r"(?s)<script>.*?</script>|<style>.*?</style>", lambda own: own[0][:8] + own[0][-9:], text, count=3)
    )
    assert text.count("<script") == 2
    return page


@every_text
def test_markdown(honest: Report, name: str) -> None:
    text = render(hostile(honest, name), Format.markdown)
    plain = render(poisoned(honest, "x"), Format.markdown)
    assert _ACTIVE.findall(text) == []
    prose, plain_prose = _without_code(text), _without_code(plain)
    assert sorted(re.findall(r"(?<!\\)</?[a-zA-Z!?][^>]*>", prose)) == sorted(
        re.findall(r"(?<!\\)</?[a-zA-Z!?][^>]*>", plain_prose)
    )
    assert set(re.findall(r"\b(?:https?|ftp|mailto):[^\s)]*|\bwww\.\S*", prose)) <= set(
        re.findall(r"https?:[^\s)]*", plain_prose)
    )
    assert _links(prose) == _links(plain_prose)
    assert re.findall(r"(?m)^#{1,6} .*", prose)[1:] == re.findall(r"(?m)^#{1,6} .*", plain_prose)[1:]
    assert not re.search(r"@(?:everyone|evil)|(?<![\w&])#[12]\b(?!;)", prose)


def _without_code(text: str) -> str:
    """What a renderer takes for prose: fenced blocks and code in lines taken out as CommonMark finds them."""
    kept, fence = [], ""
    for line in text.split("\n"):
        opened = re.match(r"\s*(`{3,}|~{3,})", line)
        if fence:
            fence = (
                ""
                if opened and opened[1][0] == fence[0] and len(opened[1]) >= len(fence) and line.strip() == opened[1]
                else fence
            )
        elif opened:
            fence = opened[1]
        else:
            kept.append(re.sub(r"(?<!\\)`[^`]*`", "code", line))
    assert not fence, "a block of code is left open"
    return "\n".join(kept)


def _links(prose: str) -> list[str]:
    return re.findall(r"(?<!\\)\]\(([^)]*)\)", prose)


@every_text
def test_answers_to_assistants(name: str) -> None:
    assert _ACTIVE.findall(cut(TEXTS[name])) == []


@every_text
def test_nothing_but_what_acts_is_taken_out(name: str) -> None:
    printable = "".join(c for c in TEXTS[name] if c.isascii() and (c.isprintable() or c in "\n\t"))
    kept = [c for c in visible(TEXTS[name]) if c.isascii()]
    assert "\x1b" in TEXTS[name] or "".join(kept) == printable
