"""Each site's adapter: the request it sends, what it reads out of the documented shape, and its own ways of failing."""

import json
from typing import Any

import pytest
from replay import Clock, Replay, answer, shape

from misrun.knowledge.sources.arxiv import Arxiv
from misrun.knowledge.sources.crossref import Crossref
from misrun.knowledge.sources.github_issues import GitHubIssues
from misrun.knowledge.sources.openalex import OpenAlex, abstract
from misrun.knowledge.sources.openreview import OpenReview
from misrun.knowledge.sources.semantic_scholar import SemanticScholar
from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable
from misrun.knowledge.sources.stack_exchange import StackExchange
from misrun.knowledge.sources.web import Web

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
ATOM = "application/atom+xml"


def only(found: Found | Unavailable) -> LiveResult:
    assert isinstance(found, Found), found
    (result,) = found.results
    return result


def test_arxiv_is_asked_by_words_and_read_by_namespace(web: Web, replay: Replay, question: Question) -> None:
    replay.plays(shape("arxiv_new.xml"))
    result = only(Arxiv(web, replay.url).search(question, 5))
    assert replay.requests[0][0] == "/api/query"
    assert replay.requests[0][1]["search_query"] == "all:codebook OR all:collapse"
    assert result.url == "https://arxiv.org/abs/2401.00001v2"
    assert (result.title, result.year, result.authors) == ("An invented title", 2024, ("A. Person",))


def test_an_empty_feed_that_claims_results_is_asked_for_again_and_never_nothing(
    web: Web, replay: Replay, question: Question
) -> None:
    replay.plays(shape("arxiv_old_empty.xml"), shape("arxiv_new.xml"))
    only(Arxiv(web, replay.url).search(question, 5))
    replay.plays(shape("arxiv_old_empty.xml"))
    assert isinstance(Arxiv(web, replay.url).search(Question(threads="", papers="other"), 5), Unavailable)


def test_an_empty_feed_is_nothing_found(web: Web, replay: Replay, question: Question) -> None:
    empty = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="http://a9.com/-/spec/opensearch/1.1/">'
        "<x:totalResults>0</x:totalResults></feed>"
    )
    replay.plays(answer(empty, kind=ATOM))
    found = Arxiv(web, replay.url).search(question, 5)
    assert isinstance(found, Found)
    assert found.results == ()


def test_arxivs_error_feed_is_a_refusal(web: Web, replay: Replay, question: Question) -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/api/errors#bad</id>'
        "<title>Error</title><summary>malformed query</summary></entry></feed>"
    )
    replay.plays(answer(feed, kind=ATOM))
    found = Arxiv(web, replay.url).search(question, 5)
    assert isinstance(found, Unavailable)
    assert "malformed query" in found.reason
    assert len(replay.requests) == 1


def test_a_feed_with_entities_is_not_read(web: Web, replay: Replay, question: Question) -> None:
    replay.plays(
        answer('<!DOCTYPE x [<!ENTITY a "aaaa">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>', kind=ATOM)
    )
    assert isinstance(Arxiv(web, replay.url).search(question, 5), Unavailable)


def test_github_is_asked_for_issues_with_its_headers(web: Web, replay: Replay, question: Question) -> None:
    replay.plays(shape("github_search_issues.json"))
    result = only(GitHubIssues(web, replay.url, token="mine").search(question, 5))
    assert replay.requests[0] == ("/search/issues", {"q": "loss nan is:issue", "per_page": "5", "page": "1"})
    assert replay.headers[0]["x-github-api-version"] == "2022-11-28"
    assert replay.headers[0]["authorization"] == "Bearer mine"
    assert (result.url, result.kind, result.year) == ("https://github.com/o/r/issues/1", "issue", 2024)
    assert "closed, 2 comments" in result.text


def test_without_a_token_github_gets_none(web: Web, replay: Replay, question: Question) -> None:
    replay.plays(shape("github_search_issues.json"))
    only(GitHubIssues(web, replay.url).search(question, 5))
    assert "authorization" not in replay.headers[0]


def test_pull_requests_are_no_issues_and_an_incomplete_search_is_no_answer(
    web: Web, replay: Replay, question: Question
) -> None:
    pull = {"html_url": "u", "title": "t", "created_at": "2024-01-01T00:00:00Z", "pull_request": {"url": "u"}}
    replay.plays(answer(json.dumps({"items": [pull]})))
    found = GitHubIssues(web, replay.url).search(question, 5)
    assert isinstance(found, Found)
    assert found.results == ()
    replay.plays(answer('{"items": [], "incomplete_results": true}'))
    assert isinstance(GitHubIssues(web, replay.url).search(Question(threads="other", papers=""), 5), Unavailable)


def test_a_query_github_refuses_is_unavailable_with_its_words(web: Web, replay: Replay, question: Question) -> None:
    replay.plays(shape("github_422.json", 422))
    found = GitHubIssues(web, replay.url).search(question, 5)
    assert found == Unavailable(source="GitHub issues", reason="HTTP 422, Validation Failed")


def test_stack_overflow_brings_the_accepted_answer_and_its_licence(
    web: Web, replay: Replay, question: Question
) -> None:
    answers = {
        "items": [
            {"question_id": 1, "answer_id": 9, "body": "no"},
            {"question_id": 1, "answer_id": 2, "body": "<p>Lower it.</p>"},
        ]
    }
    replay.plays(shape("stackexchange_search.json"), answer(json.dumps(answers)))
    result = only(StackExchange(web, replay.url, key="mine").search(question, 5))
    assert replay.requests[0][1]["accepted"] == "True"
    assert replay.requests[0][1]["key"] == "mine"
    assert replay.requests[1][0] == "/2.3/questions/1/answers"
    assert (result.title, result.text, result.answer) == ('Loss is "nan"', "text", "Lower it.")
    assert (result.licence, result.year, result.authors) == ("CC BY-SA 4.0", 2020, ("u",))


def test_the_backoff_of_stack_overflow_is_kept(web: Web, replay: Replay, question: Question, clock: Clock) -> None:
    replay.plays(shape("stackexchange_search.json"), answer('{"items": []}'), shape("stackexchange_search.json"))
    source = StackExchange(web, replay.url)
    only(source.search(question, 5))
    other = Question(threads="another question", papers="")
    found = source.search(other, 5)
    assert isinstance(found, Unavailable)
    assert "asked again in" in found.reason
    clock.time += 11
    only(source.search(other, 5))


def test_a_throttled_caller_stays_away_as_long_as_told(
    web: Web, replay: Replay, question: Question, clock: Clock
) -> None:
    replay.plays(shape("stackexchange_throttle_400.json", 400))
    source = StackExchange(web, replay.url)
    assert isinstance(source.search(question, 5), Unavailable)
    clock.time += 3_600
    assert isinstance(source.search(question, 5), Unavailable)
    assert len(replay.requests) == 1


def test_semantic_scholar_names_the_paper_by_arxiv(web: Web, replay: Replay) -> None:
    replay.plays(shape("s2_search.json"))
    result = only(SemanticScholar(web, replay.url, key="mine").search(Question(threads="", papers="warm-up loss"), 5))
    assert replay.requests[0][1]["query"] == "warm up loss"
    assert replay.headers[0]["x-api-key"] == "mine"
    assert (result.url, result.text, result.year) == ("https://arxiv.org/abs/2401.00001", "", 2024)


def test_semantic_scholar_without_a_match_found_nothing(web: Web, replay: Replay, question: Question) -> None:
    replay.plays(answer('{"total": 0, "offset": 0}'))
    found = SemanticScholar(web, replay.url).search(question, 5)
    assert isinstance(found, Found)
    assert found.results == ()


def test_openalex_puts_its_abstract_together(web: Web, replay: Replay, question: Question) -> None:
    replay.plays(shape("openalex_works.json"))
    result = only(OpenAlex(web, replay.url, key="mine").search(question, 5))
    assert replay.requests[0][1] == {"search": "codebook collapse", "per_page": "5", "api_key": "mine"}
    assert (result.url, result.text) == ("https://doi.org/10.1000/x", "Loss explodes")
    assert abstract({"far": [10**12], "b": [1], "a": [0, 2]}) == "a b a"


def test_crossref_reads_its_lists_and_tagged_abstract(web: Web, replay: Replay, question: Question) -> None:
    replay.plays(shape("crossref_works.json"))
    result = only(Crossref(web, replay.url, mailto="me@example.org").search(question, 5))
    assert replay.requests[0][1]["mailto"] == "me@example.org"
    assert (result.url, result.text, result.year) == ("https://doi.org/10.1000/x", "text", 2024)
    assert result.authors == ("A. Person",)


def test_openreview_reads_both_shapes_of_values(web: Web, replay: Replay, question: Question) -> None:
    replay.plays(shape("openreview_v2_search.json"))
    result = only(OpenReview(web, replay.url).search(question, 5))
    assert (result.url, result.title, result.year) == ("https://openreview.net/forum?id=abc", "invented", 2023)
    assert "ICLR 2024 poster" in result.text
    old = {"notes": [{"id": "x", "content": {"title": "bare", "abstract": "text"}}, {"id": "reply", "content": {}}]}
    replay.plays(answer(json.dumps(old)))
    assert only(OpenReview(web, replay.url).search(Question(threads="", papers="other"), 5)).title == "bare"


@pytest.mark.parametrize(
    "refusal",
    [shape("openreview_403_challenge.json", 403), answer('{"notes": [], "searchUnavailable": true}')],
    ids=["challenge", "out of order"],
)
def test_openreview_in_trouble_is_unavailable(web: Web, replay: Replay, question: Question, refusal: Any) -> None:
    replay.plays(refusal)
    assert isinstance(OpenReview(web, replay.url).search(question, 5), Unavailable)
    assert len(replay.requests) == 1


@pytest.mark.parametrize(
    "source", [Arxiv, GitHubIssues, StackExchange, SemanticScholar, OpenAlex, Crossref, OpenReview]
)
@pytest.mark.parametrize(
    "body", ['{"items": 3}', "[]", "null", '{"data": "x"}', '{"message": null}', '{"results": [null]}', "<feed/>", ""]
)
def test_no_body_of_another_shape_is_nothing_found(
    web: Web, replay: Replay, question: Question, source: Any, body: str
) -> None:
    replay.plays(answer(body, kind=ATOM if source is Arxiv else "application/json"))
    assert isinstance(source(web, replay.url).search(question, 5), Unavailable)
