"""The page in a real browser: opened from its file, hovered, zoomed, followed and copied from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
TOP = "document.getElementById('plot-0').getBoundingClientRect()"


@pytest.fixture(scope="module")
def browser(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("profile"))
    found.open(page)
    yield found
    found.close()


@pytest.fixture
def plot(browser: Browser) -> tuple[float, float, float]:
    """Left edge, middle height and width of the plotting area of the first panel, with the whole run shown."""
    browser.run("document.getElementById('plot-0').scrollIntoView({block: 'center', behavior: 'instant'})")
    browser.run("document.getElementById('plot-0').focus()")
    browser.press("0")
    box = "document.querySelector('#plot-0 .u-over').getBoundingClientRect()"
    left, top, width, height = browser.run(f"(b => [b.left, b.top, b.width, b.height])({box})")
    return left, top + height / 2, width


def readout(browser: Browser) -> str:
    return str(browser.run("document.querySelector('.readout').textContent"))


def axis(browser: Browser) -> list[float]:
    """The numbers along the first panel, found by moving to its ends."""
    ends = []
    for key in ("Home", "End"):
        browser.press(key)
        ends.append(float(readout(browser).split(" · ")[0].split()[1]))
    return ends


def test_every_logged_panel_is_drawn_and_every_other_says_what_to_log(browser: Browser) -> None:
    assert browser.run("document.querySelectorAll('.panel').length") == 6
    painted = """[...document.querySelectorAll('.plot canvas')].filter(c =>
        c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)).length"""
    empty = browser.run("document.querySelectorAll('.void').length")
    assert browser.run(painted) == 6 - empty > 0
    assert "Not logged." in browser.run("document.querySelector('.void').textContent")


def test_hovering_tells_the_value_and_its_log_line(browser: Browser, plot: tuple[float, float, float]) -> None:
    left, middle, width = plot
    browser.mouse("mouseMoved", left + width * 0.2, middle)
    assert "step " in readout(browser)
    assert "train.log:" in readout(browser)


def test_dragging_zooms_every_panel_and_a_double_click_shows_all(
    browser: Browser, plot: tuple[float, float, float]
) -> None:
    left, middle, width = plot
    whole = browser.run("document.querySelectorAll('.plot canvas')[1].toDataURL()")
    browser.drag((left + width * 0.2, middle), (left + width * 0.5, middle))
    browser.run("new Promise(requestAnimationFrame)")
    zoomed = browser.run("document.querySelectorAll('.plot canvas')[1].toDataURL()")
    assert zoomed != whole
    for clicks in (1, 2):
        for kind in ("mousePressed", "mouseReleased"):
            browser.mouse(kind, left + width / 2, middle, button="left", clickCount=clicks)
    browser.run("new Promise(requestAnimationFrame)")
    assert browser.run("document.querySelectorAll('.plot canvas')[1].toDataURL()") == whole


def test_the_keyboard_moves_along_the_curve_and_switches_the_scale(
    browser: Browser, plot: tuple[float, float, float]
) -> None:
    first, last = axis(browser)
    assert first < last
    browser.press("Home")
    browser.press("ArrowRight")
    assert first < float(readout(browser).split(" · ")[0].split()[1]) < last
    for pressed in ("true", "false"):
        browser.press("l")
        assert browser.run("document.querySelector('.scale').getAttribute('aria-pressed')") == pressed


def test_plots_buttons_and_links_are_in_the_order_of_tabs(browser: Browser) -> None:
    reached = set()
    browser.run("document.activeElement.blur()")
    for _ in range(60):
        browser.press("Tab")
        reached.add(browser.run("document.activeElement.className.split(' ')[0] || document.activeElement.tagName"))
    assert {"plot", "scale", "place", "A"} <= reached


def test_a_citation_leads_to_its_lines(browser: Browser) -> None:
    browser.run("document.querySelector('.timeline a.place').click()")
    name = browser.run("location.hash.slice(1)")
    assert name.startswith("cited-")
    assert "▶" in browser.run(f"document.getElementById('{name}').textContent")


def test_the_copy_button_copies_what_it_stands_for(browser: Browser) -> None:
    browser.run("document.addEventListener('copy', () => { window.copied = getSelection().toString(); })")
    script = """(async () => {
        const button = document.querySelector('button.copy');
        let words = null;
        navigator.clipboard.writeText = async (text) => { words = text; };
        button.click();
        await new Promise(requestAnimationFrame);
        return [words === button.dataset.copy, words.length > 0, button.textContent];
    })()"""
    assert browser.run(script) == [True, True, "Copied"]


def test_the_page_does_not_scroll_sideways_on_a_telephone(browser: Browser) -> None:
    browser.send("Emulation.setDeviceMetricsOverride", width=380, height=800, deviceScaleFactor=2, mobile=True)
    assert browser.run("document.documentElement.scrollWidth") <= 380
    browser.send("Emulation.clearDeviceMetricsOverride")


def test_nothing_leaves_the_machine_and_nothing_is_complained_of(browser: Browser, page: Path) -> None:
    assert browser.complaints() == []
    assert set(browser.requests()) == {page.as_uri()}
