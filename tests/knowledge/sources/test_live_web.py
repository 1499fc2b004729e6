"""The client against a real server on loopback, fault by fault: what is retried, what is given up, what is remembered."""

import json
from pathlib import Path

import pytest
from replay import Clock, Replay, answer, hangs, shape

from misrun.knowledge.sources.lanes import MOST_FAILURES, REST_SECONDS
from misrun.knowledge.sources.web import Site, SourceUnavailable, Web

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
GOOD = answer('{"word": "fine"}')


def read(body: bytes) -> str:
    return str(json.loads(body)["word"])


def site(replay: Replay, pause: float = 0.0) -> Site:
    return Site("a site", "lane", replay.url, pause)


def ask(web: Web, replay: Replay, **params: str) -> str:
    return web.ask(site(replay), "/find", params, read).value


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (answer("{}", 429, Retry_After="3"), [3.0]),
        (answer("{}", 503, Retry_After="0"), [0.0]),
        (answer("{}", 502), None),
        (answer("{}", 500), None),
        (answer('{"word": "fi'), None),
        (answer('{"word"', length=400), None),
    ],
    ids=["429", "503", "502", "500", "cut JSON", "cut connection"],
)
def test_a_passing_failure_is_asked_again(
    web: Web, replay: Replay, clock: Clock, fault: object, waits: list[float] | None
) -> None:
    replay.plays(fault, GOOD)  # type: ignore[arg-type]
    assert ask(web, replay) == "fine"
    assert len(replay.requests) == 2
    if waits is not None:
        assert [wait for wait in clock.waits if wait] == [wait for wait in waits if wait]
    assert all(wait <= 6 for wait in clock.waits)


def test_a_failure_that_stays_is_given_up_after_four_tries(web: Web, replay: Replay) -> None:
    replay.plays(answer('{"message": "down"}', 503))
    with pytest.raises(SourceUnavailable, match="HTTP 503, down"):
        ask(web, replay)
    assert len(replay.requests) == 4


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_a_refusal_is_not_asked_again(web: Web, replay: Replay, status: int) -> None:
    replay.plays(answer("{}", status, Location="http://127.0.0.1:9/elsewhere"))
    with pytest.raises(SourceUnavailable, match=f"HTTP {status}"):
        ask(web, replay)
    assert len(replay.requests) == 1


def test_a_long_pause_is_kept_without_waiting_even_by_the_next_command(
    web: Web, replay: Replay, clock: Clock, tmp_path: Path
) -> None:
    replay.plays(shape("s2_429.json", 429, Retry_After="90"), GOOD)
    with pytest.raises(SourceUnavailable, match="Too Many Requests"):
        ask(web, replay)
    later = Web(tmp_path, wait=clock.wait, now=clock.now)
    with pytest.raises(SourceUnavailable, match="asked again in 90 s"):
        ask(later, replay)
    assert (len(replay.requests), clock.waits) == (1, [])
    clock.time += 91
    assert ask(later, replay) == "fine"


def test_a_date_in_retry_after_is_understood(web: Web, replay: Replay, clock: Clock) -> None:
    clock.time = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT
    replay.plays(answer("{}", 429, Retry_After="Tue, 14 Nov 2023 22:13:24 GMT"), GOOD)
    assert ask(web, replay) == "fine"
    assert clock.waits == [4.0]


def test_a_spent_quota_is_left_alone_until_it_is_full_again(web: Web, replay: Replay, clock: Clock) -> None:
    reset = str(int(clock.time) + 40)
    replay.plays(answer('{"message": "API rate limit"}', 403, x_ratelimit_remaining="0", x_ratelimit_reset=reset), GOOD)
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match="rate limit"):
            ask(web, replay)
    assert len(replay.requests) == 1
    clock.time += 41
    assert ask(web, replay) == "fine"


def test_a_secondary_limit_without_a_header_rests_a_minute(web: Web, replay: Replay, clock: Clock) -> None:
    replay.plays(shape("github_secondary_limit_403.json", 403), GOOD)
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match="secondary rate limit"):
            ask(web, replay)
    assert len(replay.requests) == 1
    clock.time += 61
    assert ask(web, replay) == "fine"


def test_a_host_that_keeps_failing_is_left_alone_for_a_while(web: Web, replay: Replay, clock: Clock) -> None:
    replay.plays(*[answer("{}", 404)] * MOST_FAILURES, GOOD)
    for _ in range(MOST_FAILURES):
        with pytest.raises(SourceUnavailable, match="HTTP 404"):
            ask(web, replay)
    with pytest.raises(SourceUnavailable, match="failed 3 times in a row"):
        ask(web, replay)
    assert len(replay.requests) == MOST_FAILURES
    clock.time += REST_SECONDS + 1
    assert ask(web, replay) == "fine"


def test_a_slow_body_is_cut_off(replay: Replay, clock: Clock, tmp_path: Path) -> None:
    impatient = Web(tmp_path, wait=clock.wait, now=clock.now, silence=0.1, patience=0.15)
    replay.plays(hangs)
    with pytest.raises(SourceUnavailable, match="in time"):
        ask(impatient, replay)


def test_a_huge_body_is_cut_off(web: Web, replay: Replay) -> None:
    replay.plays(answer(b"x" * (5 << 20)))
    with pytest.raises(SourceUnavailable, match="larger than 4 MiB"):
        ask(web, replay)
    assert len(replay.requests) == 1


def test_another_content_type_is_no_answer(web: Web, replay: Replay) -> None:
    replay.plays(answer('{"word": "fine"}', kind="text/html"))
    with pytest.raises(SourceUnavailable, match="sent text/html"):
        ask(web, replay)


def test_a_host_that_is_not_there_is_unavailable(web: Web) -> None:
    nobody = Site("a site", "lane", "http://127.0.0.1:9", 0.0)
    with pytest.raises(SourceUnavailable, match="connection failed"):
        web.ask(nobody, "/", {}, read)


def test_an_answer_is_kept_for_a_day_under_the_normalised_request(web: Web, replay: Replay, clock: Clock) -> None:
    replay.plays(GOOD)
    first = web.ask(site(replay), "/find", {"q": "loss  nan", "n": "5"}, read)
    clock.time += 7_200
    again = web.ask(site(replay), "/find", {"n": "5", "q": "loss nan"}, read)
    assert (first.age, again.age, again.value, len(replay.requests)) == (0.0, 7_200.0, "fine", 1)
    clock.time += 86_400
    assert web.ask(site(replay), "/find", {"q": "loss nan", "n": "5"}, read).age == 0.0
    assert len(replay.requests) == 2


def test_no_failure_and_no_key_is_kept(web: Web, replay: Replay, tmp_path: Path) -> None:
    replay.plays(answer("{}", 404), GOOD)
    with pytest.raises(SourceUnavailable):
        web.ask(site(replay), "/find", {}, read, keys={"key": "very-private"})
    assert web.ask(site(replay), "/find", {}, read, keys={"key": "very-private"}).value == "fine"
    assert replay.requests[-1][1] == {"key": "very-private"}
    kept = "".join(file.read_text() for file in tmp_path.rglob("*.json"))
    assert "fine" in kept
    assert "very-private" not in kept


def test_requests_to_one_host_keep_their_distance_across_commands(replay: Replay, clock: Clock, tmp_path: Path) -> None:
    replay.plays(GOOD)
    for number in range(3):
        web = Web(tmp_path, wait=clock.wait, now=clock.now)
        web.ask(site(replay, pause=3.0), "/find", {"n": str(number)}, read)
    assert clock.waits == [3.0, 3.0]


def test_damaged_files_of_its_own_cost_one_request(web: Web, replay: Replay, tmp_path: Path) -> None:
    replay.plays(GOOD)
    ask(web, replay)
    for file in tmp_path.rglob("*.json"):
        file.write_text('{"fetched_at": "soon", "body"')
    assert ask(web, replay) == "fine"
    assert len(replay.requests) == 2


def test_the_client_says_who_it_is(web: Web, replay: Replay) -> None:
    replay.plays(GOOD)
    ask(web, replay)
    assert replay.headers[0]["user-agent"].startswith("misrun/")
    assert "mailto:me@example.org" in replay.headers[0]["user-agent"]
