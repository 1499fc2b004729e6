"""Issues as JSON, as GitHub's and GitLab's APIs and `gh issue list --json` write them: one, a list, a search answer, or
JSON lines."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from misrun.knowledge.documents.document import MOST_CHARACTERS, Document, Unreadable
from misrun.knowledge.documents.markup import decoded
from misrun.knowledge.html_text import plain

_MOST_ISSUES = 20_000  # a judgement: an export of a large tracker


class _Comment(BaseModel):
    body: str | None = None


class _Issue(BaseModel):
    """The address is html_url (GitHub REST), url (gh) or web_url (GitLab); the text is body or description."""

    title: str
    body: str | None = None
    description: str | None = None
    html_url: str | None = None
    web_url: str | None = None
    url: str | None = None
    # A number in GitHub's REST answers, the comments themselves in what gh writes.
    comments: int | list[_Comment] | None = None


def read_issues(data: bytes, name: str) -> tuple[Document, ...]:
    """One document per issue that has a title; what is no issue is left out."""
    documents = tuple(_documents(_values(decoded(data)), name))
    if not documents:
        raise Unreadable("no issue in it: none of its objects has a title")
    return documents


def _values(text: str) -> list[Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _lines(text)
    if isinstance(value, dict):
        value = value.get("items") or value.get("issues") or [value]
    return value if isinstance(value, list) else []


def _lines(text: str) -> list[Any]:
    """JSON lines; a damaged one is left out."""
    found: list[Any] = []
    for line in text.split("\n")[:_MOST_ISSUES]:
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            continue
    if not found:
        raise Unreadable("it is no JSON")
    return found


def _documents(values: list[Any], name: str) -> Iterator[Document]:
    for value in values[:_MOST_ISSUES]:
        try:
            issue = _Issue.model_validate(value)
        except ValidationError:
            continue
        said = [issue.body, issue.description]
        if isinstance(issue.comments, list):
            said += [comment.body for comment in issue.comments]
        text = plain("\n\n".join(part for part in said if part))[:MOST_CHARACTERS]
        title = plain(issue.title)[:300]
        address = issue.html_url or issue.web_url or issue.url or ""
        yield Document(title=title or name, text=text or title, url=address if address.startswith("https://") else "")
