"""Asks all live sources at once and makes one list of what they say, with a word on each of them."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from urllib.parse import urlsplit

from misrun.knowledge.html_text import excerpt
from misrun.knowledge.lexical import terms
from misrun.knowledge.sources.lanes import duration
from misrun.knowledge.sources.source import Found, LiveResult, Question, Source, Unavailable
from misrun.tools.record import Record

# Each source gets this many results and this much time altogether; both judgements. The time is above what one source
# may take with its retries (web.py), so that it only cuts off what hangs.
RESULTS = 5
_SECONDS = 30.0
# The share of the question's words that a result has to have in it; a judgement: with one word of four it is about
# something else, and sites that join words by OR send such results.
_RELATED = 0.3
_TITLE_CHARACTERS = 300
_TEXT_CHARACTERS = 700
# Where results of these sites live. An address elsewhere is not shown: a reader would take it for the site's.
_PLACES = (
    *("arxiv.org", "github.com", "stackoverflow.com", "semanticscholar.org"),
    *("openalex.org", "doi.org", "openreview.net"),
)


class Ranked(Record):
    """A result and the share (0..1) of the question's words that it holds."""

    result: LiveResult
    score: float


class LiveOutcome(Record):
    """Results, best first, each paper or thread once, and one note per source."""

    results: tuple[Ranked, ...] = ()
    notes: tuple[str, ...] = ()


def ask_all(
    question: Question, sources: Sequence[Source], limit: int = RESULTS, seconds: float = _SECONDS
) -> LiveOutcome:
    """Asks every source in a thread of its own. What fails is a note and never an error."""
    if not question.threads and not question.papers:
        return LiveOutcome(notes=("live sources were not asked: no word of this may be sent, or none says anything",))
    pool = ThreadPoolExecutor(max_workers=max(1, len(sources)), thread_name_prefix="live-source")
    asked = {source.name: pool.submit(source.search, question, limit) for source in sources}
    wait(asked.values(), timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    answers = [_answer(name, future, seconds) for name, future in asked.items()]
    results = [result for answer in answers if isinstance(answer, Found) for result in answer.results]
    return LiveOutcome(results=_ranked(results, question), notes=tuple(map(note, answers)))


def note(answer: Found | Unavailable) -> str:
    """What one source said, so that "it has nothing" and "it could not be asked" are never the same words."""
    if isinstance(answer, Unavailable):
        return f"{answer.source}: unavailable, {answer.reason}"
    count = len(answer.results)
    told = f"{count} result{'s' if count > 1 else ''}" if count else "asked, nothing found"
    when = f", kept from {duration(answer.age)} ago" if answer.age >= 1 else ""
    return f"{answer.source}: {told} for “{answer.query}”{when}"


def _answer(name: str, future: "Future[Found | Unavailable]", seconds: float) -> Found | Unavailable:
    if not future.done():
        return Unavailable(source=name, reason=f"no answer within {seconds:g} s")
    error = future.exception()
    if error is not None:
        # A site can send what nobody foresaw; the other sources and the local result must not suffer for it.
        return Unavailable(source=name, reason=f"its answer could not be used ({type(error).__name__})")
    return future.result()


def _ranked(results: Iterable[LiveResult], question: Question) -> tuple[Ranked, ...]:
    wanted = {
        "paper": frozenset(terms(question.papers)),
        "thread": frozenset(terms(question.threads)),
    }
    once: dict[str, Ranked] = {}
    for result in map(_tidy, results):
        words = wanted["paper" if result.kind == "paper" else "thread"]
        score = share(words, f"{result.title} {result.text}")
        same = " ".join(terms(result.title)) or result.url
        if score >= _RELATED and _shown(result.url) and (same not in once or once[same].score < score):
            once[same] = Ranked(result=result, score=score)
    return tuple(sorted(once.values(), key=lambda item: (-item.score, item.result.url)))


def share(wanted: frozenset[str], text: str) -> float:
    """The share of the words that occur in the text."""
    return round(len(wanted.intersection(terms(text))) / max(1, len(wanted)), 4)


def _tidy(result: LiveResult) -> LiveResult:
    """The result with its texts cut and without characters that act on a display."""
    return result.model_copy(
        update={
            "title": excerpt(result.title, _TITLE_CHARACTERS),
            "text": excerpt(result.text, _TEXT_CHARACTERS),
            "answer": excerpt(result.answer, _TEXT_CHARACTERS),
            "authors": tuple(excerpt(name, 80) for name in result.authors[:5]),
            "licence": excerpt(result.licence, 40),
        }
    )


def _shown(url: str) -> bool:
    """Whether an address is plain and lies at one of the sites."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not set(url) & set(" <>\"'`()[]{}\\")
    at_site = any(host == place or host.endswith(f".{place}") for place in _PLACES)
    return plain and parts.scheme == "https" and at_site and "@" not in parts.netloc
