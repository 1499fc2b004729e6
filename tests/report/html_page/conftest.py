"""One investigation of the demo and its page, shared by the tests of the page."""

from pathlib import Path

import pytest

from misrun import investigate
from misrun.agents.report import Report
from misrun.report.html.document import to_html
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return investigate(lay_out(load("r087"), tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="session")
def page(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(to_html(report), encoding="utf-8")
    return file
