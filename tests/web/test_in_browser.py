"""The application in a real browser: a run investigated to its report, a turn of the chat, two runs compared."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from misrun.agents.investigation import investigate, new_request
from misrun.agents.report import Report

from .conftest import Running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here"),
]
# Of one thing to appear on busy cores.
PATIENCE = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, running: Running) -> Iterator[Page]:
    """A page that is let in. At the end: it complained of nothing, and asked nobody but the application."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    asked: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(running.entrance)
    yield page
    page.close()
    assert complaints == []
    assert [address for address in asked if not address.startswith((running.address, "data:", "about:"))] == []


def test_a_run_is_investigated_to_its_report(page: Page, stored: Report) -> None:
    page.get_by_label("Folder or file of the run").fill(stored.path)
    page.get_by_label("Tried already").fill("lowered lr to 1e-4, no change")
    page.get_by_role("button", name="Investigate", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unstable arithmetic", timeout=PATIENCE)
    report = page.frame_locator("iframe")
    expect(report.get_by_role("heading", name="Next steps")).to_be_visible()
    assert report.locator(".panel canvas").count() >= 2


def test_a_turn_of_the_chat_is_answered_with_its_places(page: Page, stored: Report, running: Running) -> None:
    page.goto(f"{running.address}/investigations/{stored.id}")
    page.get_by_role("button", name="Talk about it").click()
    page.get_by_label("Your message").fill("why?")
    page.keyboard.press("Enter")
    answer = page.locator(".theirs").last
    expect(answer).to_contain_text("train.py:32", timeout=PATIENCE)
    page.reload()
    expect(page.locator(".theirs").last).to_contain_text("train.py:32")


def test_two_chosen_runs_are_compared(page: Page, stored: Report, home: Path, running: Running) -> None:
    other = home / "changed"
    shutil.copytree(stored.path, other)
    script = other / "train.py"
    script.write_text(script.read_text().replace("5e-4", "1e-3"))
    second = investigate(new_request(other))
    page.goto(running.address)
    for report in (stored, second):
        page.locator(f'input[value="{report.id}"]').check()
    page.get_by_role("button", name="Compare the two chosen").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    expect(page.locator(".diff .added").first).to_be_visible()
    painted = "() => [...document.querySelectorAll('.plot canvas')].some(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v))"  # fmt: skip
    page.wait_for_function(painted)


@pytest.mark.parametrize("place", ["/", "/chat", "/compare", "/search?q=nan", "/scenarios", "/evaluation", "REPORT"])
def test_no_place_has_a_serious_barrier(page: Page, stored: Report, running: Running, place: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.goto(running.address + (f"/investigations/{stored.id}" if place == "REPORT" else place))
    if place == "REPORT":
        expect(page.frame_locator("iframe").get_by_role("heading", name="Next steps")).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert [
        (one["id"], one["nodes"][0]["html"][:120]) for one in found if one["impact"] in ("serious", "critical")
    ] == []


def test_the_list_works_by_keyboard_and_in_the_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="light")
    assert dark != page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
