"""The web application over HTTP: who gets in, what each place shows, and what hostile requests get."""

import json
import shutil
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from misrun.agents.report import Report

from .conftest import TOKEN, Running

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def client(running: Running) -> httpx.Client:
    client = httpx.Client(
        base_url=running.address, headers={"Origin": running.address}, timeout=60, follow_redirects=True
    )
    client.get("/", params={"token": TOKEN})
    return client


def test_nobody_gets_in_without_the_token(running: Running) -> None:
    for address in ("/", "/chat", "/search?q=nan", "/investigations/00000000/report", "/assets/ui.js", "/?token=wrong"):
        assert httpx.get(running.address + address).status_code == 401, address


def test_the_token_leaves_the_address_and_becomes_a_cookie_that_scripts_do_not_see(running: Running) -> None:
    answer = httpx.get(running.entrance + "&q=x")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?q=x"
    assert {"HttpOnly", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))


def test_another_name_for_this_machine_is_refused(client: httpx.Client) -> None:
    assert client.get("/", headers={"Host": "rebound.example:80"}).status_code == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_form_of_another_page_is_refused(client: httpx.Client, origin: str) -> None:
    answer = client.post("/investigations", data={"path": "/"}, headers={"Origin": origin})
    assert answer.status_code == 403


def test_an_upload_that_declares_too_much_is_refused_before_it_is_sent(client: httpx.Client, running: Running) -> None:
    connection = HTTPConnection(running.address.removeprefix("http://"), timeout=60)
    connection.putrequest("POST", "/investigations")
    connection.putheader("Origin", running.address)
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_an_upload_that_declares_nothing_is_cut_off_at_the_bound(client: httpx.Client) -> None:
    with pytest.raises(httpx.HTTPError):
        client.post("/investigations", content=(b"x" * (1 << 20) for _ in range(80))).raise_for_status()
    assert client.get("/").status_code == 200


def test_every_answer_says_what_may_run_in_it(client: httpx.Client, stored: Report) -> None:
    for address in ("/", "/chat", "/compare", "/search", f"/investigations/{stored.id}"):
        policy = client.get(address).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe-inline" not in policy
        assert client.get(address).headers["x-content-type-options"] == "nosniff"


def test_the_list_shows_stored_investigations_and_narrows(client: httpx.Client, stored: Report) -> None:
    assert stored.id in client.get("/").text
    assert stored.id not in client.get("/", params={"q": "nothing-like-it"}).text
    assert stored.id in client.get("/", params={"q": "unstable"}).text


def test_an_investigation_of_pasted_text_runs_to_its_report(client: httpx.Client) -> None:
    answer = client.post(
        "/investigations", files={"text": (None, "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB")}
    )
    assert answer.status_code == 200
    session = answer.url.path.rsplit("/", 1)[-1]
    with client.stream("GET", f"/investigations/{session}/events") as events:
        told = "".join(events.iter_text())
    assert "event: stage" in told and told.rstrip().endswith('data: {"failed": ""}')
    assert "Device oom" in client.get(f"/investigations/{session}").text
    assert json.loads(client.get(f"/investigations/{session}/download/json").text)["verdict"]["mode"].endswith(
        "device_oom"
    )


@pytest.mark.parametrize("form", [{}, {"path": "/no/such/run"}, {"path": "/tmp", "text": "both"}])
def test_a_form_that_cannot_be_used_says_why(client: httpx.Client, form: dict[str, str]) -> None:
    answer = client.post("/investigations", data=form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("session", ["00000000", "../../etc/passwd", "%2e%2e%2fsecret", "x" * 300])
def test_an_unknown_investigation_is_a_page_that_says_so(client: httpx.Client, session: str) -> None:
    assert client.get(f"/investigations/{session}").status_code == 404


def test_two_runs_are_compared_in_settings_code_and_curves(client: httpx.Client, stored: Report, home: Path) -> None:
    from misrun.agents.investigation import investigate, new_request

    other = home / "other"
    shutil.copytree(stored.path, other)
    script = other / "train.py"
    script.write_text(script.read_text().replace("epochs", "rounds"))
    second = investigate(new_request(other))
    shown = client.get("/compare", params={"run": f"{stored.id} {second.id}"}).text
    assert "first: " in shown and "second: " in shown
    assert 'class="removed"' in shown and 'class="added"' in shown and "rounds" in shown


def test_the_knowledge_is_searched_by_level(client: httpx.Client) -> None:
    shown = client.get("/search", params={"q": "codebook collapse", "level": "2"}).text
    assert "level 2" in shown and "level 3" not in shown.split("<main", 1)[1].split("</form>", 1)[1]


def test_text_of_a_run_is_shown_as_text(client: httpx.Client) -> None:
    planted = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    answer = client.post("/investigations", files={"text": (None, f"RuntimeError: {planted} CUDA out of memory")})
    session = answer.url.path.rsplit("/", 1)[-1]
    with client.stream("GET", f"/investigations/{session}/events") as events:
        assert "done" in "".join(events.iter_text())
    for address in ("/", f"/investigations/{session}", f"/investigations/{session}/report", f"/search?q={planted}"):
        assert planted not in client.get(address).text


def test_a_thousand_stored_investigations_are_listed_by_pages(client: httpx.Client, stored: Report, home: Path) -> None:
    written = stored.model_dump_json(by_alias=True)
    for number in range(1000):
        name = f"{number:08x}"
        (home / "reports" / f"{name}.json").write_text(written.replace(stored.id, name))
    shown = client.get("/", params={"page": "2"}).text
    assert "page 2 of 4" in shown
    assert shown.count('type="checkbox"') == 25
