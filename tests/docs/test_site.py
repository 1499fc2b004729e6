"""The documentation site builds without a warning, and its pages rest on what the program has."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from misrun.tools.diagnosis.taxonomy import MODES

pytest.importorskip("mkdocs")
ROOT = Path(__file__).parents[2]
LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=[\"']?(https?:|//)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `mkdocs build` makes it; strict, so that a broken link fails."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


def test_every_failure_mode_has_a_page_with_sign_cure_and_source(site: Path) -> None:
    for mode in MODES.values():
        if mode.category in ("healthy", "unknown"):
            continue
        page = (site / "modes" / mode.id / "index.html").read_text(encoding="utf-8")
        assert "How it shows" in page and ">Cures<" in page and "What is known" in page, mode.id


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        outside = [
            found[0] for found in LOADED.finditer(page.read_text(encoding="utf-8")) if "canonical" not in found[0]
        ]
        assert not outside, (page.name, outside[:2])


def test_no_page_shows_an_unfilled_template(site: Path) -> None:
    for page in (site / "modes").rglob("*.html"):
        assert not re.search(r"\{[a-z_]+\}", re.sub(r"<script.*?</script>|<pre.*?</pre>|<code.*?</code>", "", page.read_text(encoding="utf-8"), flags=re.S)), page  # fmt: skip
