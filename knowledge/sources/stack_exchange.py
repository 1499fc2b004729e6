"""Stack Exchange 2.3: questions of Stack Overflow with an accepted answer, and these answers
(api.stackexchange.com/docs/advanced-search, /docs/answers-on-questions).

Limits (api.stackexchange.com/docs/throttle): at most 30 requests a second; `backoff` in an answer is how many seconds
the same method is to be left alone; no identical request within a minute. Posts are CC BY-SA: link and author are kept.
"""

import html
import re
from dataclasses import dataclass

from pydantic import BaseModel

from misrun.knowledge.html_text import text_of
from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable
from misrun.knowledge.sources.web import Site, SourceUnavailable, Web

NAME = "Stack Overflow"
_SITE = "stackoverflow"
# Far below the 30 a second that the page above names.
_PAUSE = 0.5
_AVAILABLE_IN = re.compile(r"available in (\d+) seconds")
# A throttled caller is banned "for 30 seconds to a few minutes" (the page above).
_BANNED = 120.0


class _Owner(BaseModel):
    display_name: str = ""


class _Post(BaseModel):
    question_id: int
    body: str = ""
    title: str = ""
    link: str = ""
    creation_date: int = 0
    accepted_answer_id: int | None = None
    answer_id: int | None = None
    owner: _Owner = _Owner()
    content_license: str = ""


class Posts(BaseModel):
    """What every method answers."""

    items: list[_Post]
    backoff: float = 0.0


@dataclass(frozen=True)
class StackExchange:
    """Questions with an accepted answer."""

    web: Web
    base: str = "https://api.stackexchange.com"
    key: str = ""
    name: str = NAME

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        params = {"q": question.threads, "accepted": "True", "sort": "relevance", "order": "desc"}
        try:
            posts, age = self._ask("search", "/2.3/search/advanced", {**params, "pagesize": str(limit)})
        except SourceUnavailable as error:
            return Unavailable(source=self.name, reason=str(error))
        answers = self._answers(posts.items[:limit])
        results = tuple(_result(post, answers) for post in posts.items[:limit])
        return Found(source=self.name, query=question.threads, results=results, age=age)

    def _answers(self, questions: list[_Post]) -> dict[int, str]:
        """Accepted answers by their ids; none where they cannot be had now: the questions stand for themselves."""
        if not questions:
            return {}
        ids = ";".join(str(post.question_id) for post in questions)
        try:
            posts, _ = self._ask("answers", f"/2.3/questions/{ids}/answers", {"pagesize": "100", "sort": "votes"})
        except SourceUnavailable:
            return {}
        return {post.answer_id: post.body for post in posts.items if post.answer_id is not None}

    def _ask(self, method: str, path: str, params: dict[str, str]) -> tuple[Posts, float]:
        site = Site(self.name, f"stackexchange-{method}", self.base, _PAUSE, rest=throttled_for)
        keys = {"key": self.key} if self.key else {}
        posts, age = self.web.ask(
            site, path, {**params, "site": _SITE, "filter": "withbody"}, Posts.model_validate_json, keys=keys
        )
        if posts.backoff and not age:
            self.web.lanes.close(site.lane, posts.backoff, "it asked for a pause")
        return posts, age


def throttled_for(body: bytes) -> float | None:
    """Seconds to stay away, when the refusal is a throttle violation."""
    if b"throttle_violation" not in body:
        return None
    told = _AVAILABLE_IN.search(body.decode("utf-8", "replace"))
    return float(told[1]) if told else _BANNED


def _result(post: _Post, answers: dict[int, str]) -> LiveResult:
    answer = answers.get(post.accepted_answer_id or 0, "")
    return LiveResult(
        source=NAME,
        kind="forum",
        url=post.link,
        title=html.unescape(post.title),
        year=1970 + int(post.creation_date / 31_556_952),  # seconds of a Gregorian year
        authors=(post.owner.display_name,),
        text=text_of(post.body)[1],
        answer=text_of(answer)[1],
        licence=post.content_license,
    )
