"""arXiv's export API: an Atom feed, read by namespace (info.arxiv.org/help/api/user-manual).

Limit: one request per three seconds over one connection (info.arxiv.org/help/api/tou).
"""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from misrun.knowledge.html_text import excerpt
from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable
from misrun.knowledge.sources.web import Site, SourceUnavailable, Web

NAME = "arXiv"
_ATOM = "{http://www.w3.org/2005/Atom}"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
_FEEDS = ("application/atom+xml", "application/xml", "text/xml")
# Search fields take single words; more of them joined by OR is a guess at best.
_MOST_WORDS = 6


@dataclass(frozen=True)
class Arxiv:
    """Papers by the words of title and abstract."""

    web: Web
    base: str = "https://export.arxiv.org"
    name: str = NAME

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        words = question.papers.split()[:_MOST_WORDS]
        query = " OR ".join(f"all:{word}" for word in words)
        params = {"search_query": query, "start": "0", "max_results": str(limit), "sortBy": "relevance"}
        site = Site(self.name, "arxiv", self.base, pause=3.0, accepts=_FEEDS)
        try:
            results, age = self.web.ask(site, "/api/query", params, read_feed)
        except SourceUnavailable as error:
            return Unavailable(source=self.name, reason=str(error))
        return Found(source=self.name, query=query, results=results[:limit], age=age)

    def look_up(self, identifier: str) -> LiveResult | None:
        """The paper of an arXiv id, or None where there is none. Raises SourceUnavailable."""
        site = Site(self.name, "arxiv", self.base, pause=3.0, accepts=_FEEDS)
        feed, _ = self.web.ask(site, "/api/query", {"id_list": identifier}, parse_feed)
        entry = feed.find(f"{_ATOM}entry")
        return None if entry is None else _result(entry)


def read_feed(body: bytes) -> tuple[LiveResult, ...]:
    """The entries of a feed. Raises SourceUnavailable for arXiv's error feed, ValueError for what is no whole feed and
    for an empty one that claims to have results, as it sends under load."""
    feed = parse_feed(body)
    entries = feed.findall(f"{_ATOM}entry")
    total = feed.findtext(_TOTAL)
    if total is None or (not entries and int(total) > 0):
        raise ValueError("the feed is not whole")
    return tuple(_result(entry) for entry in entries)


def parse_feed(body: bytes) -> ElementTree.Element:
    """The root of a feed. A document with a DTD is refused: feeds have none, and entities in it could grow."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError("a feed has no DTD")
    try:
        feed = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    if feed.tag != f"{_ATOM}feed":
        raise ValueError("not an Atom feed")
    for entry in feed.findall(f"{_ATOM}entry"):
        if "/api/errors" in _text(entry, "id"):
            raise SourceUnavailable(f"it refused the query, {excerpt(_text(entry, 'summary'), 160)}")
    return feed


def _result(entry: ElementTree.Element) -> LiveResult:
    address = _text(entry, "id").replace("http://", "https://", 1)
    year = _text(entry, "published")[:4]
    return LiveResult(
        source=NAME,
        kind="paper",
        url=address,
        title=_text(entry, "title"),
        year=int(year) if year.isdigit() else 0,
        authors=tuple(" ".join((name.text or "").split()) for name in entry.findall(f"{_ATOM}author/{_ATOM}name")),
        text=_text(entry, "summary"),
    )


def _text(entry: ElementTree.Element, name: str) -> str:
    return " ".join((entry.findtext(f"{_ATOM}{name}") or "").split())
