"""GitHub's issue search (docs.github.com/rest/search/search).

Limits: 10 requests a minute without a token, 30 with one (MISRUN_GITHUB_TOKEN); `is:issue` has to be in every query.
"""

from dataclasses import dataclass

from pydantic import BaseModel

from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable
from misrun.knowledge.sources.web import Site, SourceUnavailable, Web

NAME = "GitHub issues"
_VERSION = "2022-11-28"
# q may have 256 characters (docs: "longer than 256 characters" is refused); the rest is for " is:issue".
_MOST_CHARACTERS = 240


class _Person(BaseModel):
    login: str


class _Issue(BaseModel):
    html_url: str
    title: str
    created_at: str
    state: str = ""
    comments: int = 0
    body: str | None = None
    user: _Person | None = None
    pull_request: dict[str, object] | None = None


class _Answer(BaseModel):
    items: list[_Issue]
    incomplete_results: bool = False


@dataclass(frozen=True)
class GitHubIssues:
    """Issues of all public repositories whose text has every word of the question."""

    web: Web
    base: str = "https://api.github.com"
    token: str = ""
    name: str = NAME

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        query = f"{question.threads[:_MOST_CHARACTERS]} is:issue"
        params = {"q": query, "per_page": str(limit), "page": "1"}
        try:
            results, age = self.web.ask(self._site(), "/search/issues", params, read_issues)
        except SourceUnavailable as error:
            return Unavailable(source=self.name, reason=str(error))
        return Found(source=self.name, query=query, results=results[:limit], age=age)

    def _site(self) -> Site:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": _VERSION}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        kinds = ("application/json", "application/vnd.github+json")
        return Site(self.name, "github-search", self.base, 2.0 if self.token else 6.0, kinds, headers)


def read_issues(body: bytes) -> tuple[LiveResult, ...]:
    """The issues of an answer; pull requests are left out. An empty answer that GitHub itself calls incomplete (its
    search ran out of time) is none."""
    answer = _Answer.model_validate_json(body)
    if answer.incomplete_results and not answer.items:
        raise ValueError("the search ran out of time")
    return tuple(_result(issue) for issue in answer.items if issue.pull_request is None)


def _result(issue: _Issue) -> LiveResult:
    return LiveResult(
        source=NAME,
        kind="issue",
        url=issue.html_url,
        title=issue.title,
        year=int(issue.created_at[:4]),
        authors=(issue.user.login,) if issue.user else (),
        text=f"[{issue.state}, {issue.comments} comments] {issue.body or ''}",
    )
