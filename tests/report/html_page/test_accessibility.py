"""The report page without barriers: axe-core in a real browser, light and dark."""

import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from .browser import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_has_no_serious_barrier(page: Path, scheme: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(str(CHROMIUM)), args=["--no-sandbox"])
        opened = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
        opened.goto(page.as_uri())
        found = Axe().run(opened).response["violations"]
        browser.close()
    told = [(one["id"], one["nodes"][0]["html"][:120]) for one in found if one["impact"] in ("serious", "critical")]
    assert told == []
