"""The conversation with the researcher, in a page."""

import asyncio
import queue
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from misrun.agents.request import InvestigationError
from misrun.agents.researcher.answer import Answer, Checked, Citation, Event, Line, Spoken, Working
from misrun.agents.researcher.conversation import Conversation
from misrun.agents.researcher.reopen import session_of_report
from misrun.agents.researcher.session import Turn
from misrun.cli.progress import STAGES
from misrun.report.html.markup import Html, element
from misrun.web.events import POLL_SECONDS, event, stream
from misrun.web.jobs import on_a_thread
from misrun.web.shell import page, section, told

# Of one message; longer logs are given by path.
_MOST_LETTERS = 2_000_000


async def listing(request: Request) -> Response:
    sessions = await run_in_threadpool(request.app.state.conversations.sessions)
    rows = (
        element(
            "li",
            element("a", one.about[:120] or one.id, href=f"/chat/{one.id}"),
            element("small", f" {one.turns} turns, {one.created[:16]}", class_="dim"),
        )
        for one in sessions[:200]
    )
    begin = element("form", element("button", "Begin a conversation", type="submit"), method="post", action="/chat")
    known = element("ul", *rows) if sessions else element("p", "None yet.", class_="dim")
    return page("Chat", begin, section("Conversations", known), at="/chat")


async def begin(request: Request) -> Response:
    """A new conversation, about a stored investigation where `about` names one."""
    store = request.app.state.conversations
    about = str((await request.form()).get("about") or "")
    try:
        session = (
            await run_in_threadpool(session_of_report, store, about) if about else await run_in_threadpool(store.create)
        )
    except InvestigationError as error:
        return page("Chat", told(str(error)), at="/chat", status=404)
    return RedirectResponse(f"/chat/{session.id}", status_code=303)


async def show(request: Request) -> Response:
    conversation = await _opened(request)
    if conversation is None:
        return page("Not found", told("There is no such conversation."), at="/chat", status=404)
    turns = await run_in_threadpool(lambda: conversation.turns)
    said = element("div", *(part for turn in turns for part in _turn(turn)), id="turns", aria_live="polite")
    place = conversation.session.case
    about = element("p", f"About {place.name}", class_="dim") if place is not None else None
    box = element(
        "textarea",
        id="said",
        rows="3",
        aria_label="Your message",
        placeholder="Paste a log, give a folder, say what you tried, ask why. /help",
    )
    form = element(
        "form",
        box,
        element("button", "Send", type="submit"),
        element("p", id="working", class_="dim", role="status"),
        id="say",
        data_to=f"/chat/{conversation.session.id}/say",
    )
    return page("Chat", about, said, form, at="/chat", scripts=("ui.js", "chat.js"))


async def say(request: Request) -> Response:
    """Works on one message; answers with events: `working`, then `html` for each piece of the answer, then `done`."""
    conversation = await _opened(request)
    text = (await request.body()).decode("utf-8", "replace")
    if conversation is None or not text.strip():
        return PlainTextResponse("no such conversation, or nothing was said\n", status_code=404)
    if len(text) > _MOST_LETTERS:
        return PlainTextResponse(
            "That is more than a chat takes: save it as a file and give its path.\n", status_code=413
        )
    return stream(_worked(conversation, text))


async def _worked(conversation: Conversation, text: str) -> AsyncIterator[str]:
    """The conversation blocks, so it works on a thread and is asked for news; whoever leaves the page stops it."""
    news: queue.Queue[Event | BaseException | None] = queue.Queue()
    on_a_thread(lambda: _work(conversation, text, news))
    try:
        while True:
            try:
                item = news.get_nowait()
            except queue.Empty:
                await asyncio.sleep(POLL_SECONDS)
                continue
            if item is None:
                break
            if isinstance(item, BaseException):
                yield event(
                    "html", {"html": told(f"misrun itself failed: {type(item).__name__}. Its terminal shows where.")}
                )
                break
            yield _said(item)
        yield event("done", {})
    finally:
        conversation.stop()


def _work(conversation: Conversation, text: str, news: "queue.Queue[Event | BaseException | None]") -> None:
    try:
        for item in conversation.say(text):
            news.put(item)
        news.put(None)
    # Whatever happens, the page must hear of it; the thread's own traceback goes to the terminal.
    except Exception as error:
        news.put(error)
        raise


def _said(item: Event) -> str:
    if isinstance(item, Working):
        return event("working", {"text": STAGES.get(item.agent, f"{item.agent} {item.text}")})
    return event("html", {"html": _event(item)})


def _event(item: Answer | Spoken | Checked) -> Html:
    if isinstance(item, Answer):
        return _answer(item)
    if isinstance(item, Spoken):
        return element("div", _line(item.line), class_="spoken")
    words = (
        f"{item.model}: {item.failure}"
        if item.failure
        else f"{item.model}: {item.kept} sentences kept, {len(item.dropped)} dropped"
    )
    return element("p", words, class_="dim")


def _turn(turn: Turn) -> list[Html]:
    mine = element("div", element("pre", turn.said), class_="mine")
    spoken = [element("div", _line(line), class_="spoken") for line in turn.spoken]
    return [mine, *([_answer(turn.answer)] if turn.answer else []), *spoken, *(_event(one) for one in turn.checked)]


def _answer(answer: Answer) -> Html:
    head = element("p", element("strong", answer.head), *_cites(answer.cites))
    asks = element("p", "What would help most: ", element("strong", answer.asks)) if answer.asks else None
    whole = (
        element("p", element("a", "The whole report", href=f"/investigations/{answer.report}"))
        if answer.report
        else None
    )
    notes = (element("p", note, class_="dim") for note in answer.notes)
    return element("div", head, *(_line(line) for line in answer.lines), asks, whole, *notes, class_="theirs")


def _line(line: Line) -> Html:
    if line.look in ("quote", "code"):
        return element("pre", line.text, tabindex="0")
    return element(
        "p",
        "· " if line.look == "item" else None,
        line.text,
        *_cites(line.cites),
        class_="dim" if line.look == "note" else None,
    )


def _cites(cites: tuple[Citation, ...]) -> list[Html]:
    return [element("small", " [", _cite(cite), "]", class_="cite") for cite in cites]


def _cite(cite: Citation) -> Html:
    safe = cite.url.startswith("https://")
    return (
        element("a", cite.label, href=cite.url, rel="noreferrer", target="_blank")
        if safe
        else element("span", cite.label)
    )


async def _opened(request: Request) -> Conversation | None:
    store = request.app.state.conversations
    try:
        session = await run_in_threadpool(store.load, request.path_params["session"])
    except InvestigationError:
        return None
    return Conversation(store, session, request.app.state.model)
