"""The client against a real server on loopback: what it sends, what it makes of answers, and of every way to fail."""

import socket
import time

import pytest
from fake_ollama import FakeOllama, breaks_off, document, hangs, raw, says

from misrun.tools.llm.errors import BudgetSpent, ModelFailed, ModelMissing, RequestRefused, Stopped
from misrun.tools.llm.model import ChatRequest, Limits, Message
from misrun.tools.llm.ollama import OllamaModel

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
QUESTION = (Message(role="system", content="Be brief."), Message(role="user", content="Why?"))
# For the tests that wait for a server that never answers; the others have all the time that a busy machine takes.
SHORT = 0.15


def asking(**limits: float) -> ChatRequest:
    return ChatRequest(messages=QUESTION, limits=Limits.model_validate({"silence": 20.0, "seconds": 20.0} | limits))


def model_of(ollama: FakeOllama) -> OllamaModel:
    return OllamaModel("small", ollama.url, pause=0.0)


def test_an_answer_is_heard_as_it_comes_and_returned_whole_with_what_it_cost(ollama: FakeOllama) -> None:
    ollama.chat(says("Be", "cause.", prompt_tokens=21))
    heard: list[str] = []
    reply = model_of(ollama).chat(asking(), listen=heard.append)
    assert (heard, reply.text) == (["Be", "cause."], "Because.")
    assert (reply.prompt_tokens, reply.reply_tokens, reply.cut) == (21, 2, False)


def test_the_request_names_the_context_the_limits_and_the_schema(ollama: FakeOllama) -> None:
    ollama.chat(says("{}"))
    request = asking(reply_tokens=33, context_tokens=1024).model_copy(update={"answer_schema": {"type": "object"}})
    model_of(ollama).chat(request)
    ((path, body),) = ollama.requests
    assert path == "/api/chat"
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    assert body["options"] == {"temperature": 0.0, "seed": 0, "num_predict": 33, "num_ctx": 1024}
    assert (body["model"], body["format"], body["think"]) == ("small", {"type": "object"}, False)


def test_without_a_schema_none_is_sent(ollama: FakeOllama) -> None:
    ollama.chat(says("yes"))
    model_of(ollama).chat(asking())
    assert "format" not in ollama.requests[0][1]


def test_an_answer_that_ended_for_its_length_counts_as_cut(ollama: FakeOllama) -> None:
    ollama.chat(says("a", "b", reason="length"))
    assert model_of(ollama).chat(asking()).cut


def test_a_server_that_knows_no_limit_is_left_at_the_limit(ollama: FakeOllama) -> None:
    ollama.chat(says(*["word "] * 500))
    reply = model_of(ollama).chat(asking(reply_tokens=5))
    assert reply.cut
    assert reply.text == "word " * 6


def test_a_line_feed_is_the_only_end_of_a_line(ollama: FakeOllama) -> None:
    ollama.chat(says("a\x85b\u2028c"))
    assert model_of(ollama).chat(asking()).text == "a\x85b\u2028c"


def test_a_missing_model_is_for_the_user_and_asked_for_once(ollama: FakeOllama) -> None:
    ollama.chat(document({"error": "model 'small' not found"}, 404))
    with pytest.raises(ModelMissing, match="ollama pull"):
        model_of(ollama).chat(asking())
    assert len(ollama.requests) == 1


def test_where_nothing_listens_the_message_says_what_to_start() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = OllamaModel("small", f"127.0.0.1:{port}", pause=0.0)
    with pytest.raises(ModelMissing, match=rf"127\.0\.0\.1:{port}.*ollama serve"):
        model.chat(asking())
    assert "ollama serve" in (model.unavailable() or "")


@pytest.mark.parametrize("page", [b"<html>hello</html>", b"[1, 2]"])
def test_another_server_is_told_as_such(ollama: FakeOllama, page: bytes) -> None:
    ollama.chat(raw(page, kind="text/html"))
    with pytest.raises(ModelMissing, match="does not speak Ollama's API"):
        model_of(ollama).chat(asking())


def test_a_server_error_is_asked_again_and_forgotten(ollama: FakeOllama) -> None:
    ollama.chat(document({"error": "loading"}, 503), raw(b"oops", 500), says("here"))
    assert model_of(ollama).chat(asking()).text == "here"
    assert len(ollama.requests) == 3


def test_a_server_error_that_stays_is_told_after_three_tries(ollama: FakeOllama) -> None:
    ollama.chat(document({"error": "out of\x1b[2J memory"}, 500))
    with pytest.raises(ModelFailed, match=r"500: out of .*memory") as failure:
        model_of(ollama).chat(asking())
    assert "\x1b" not in str(failure.value)
    assert len(ollama.requests) == 3


def test_a_refused_request_is_not_repeated(ollama: FakeOllama) -> None:
    ollama.chat(document({"error": "small does not support chat"}, 400))
    with pytest.raises(RequestRefused, match="does not support chat"):
        model_of(ollama).chat(asking())
    assert len(ollama.requests) == 1


@pytest.mark.parametrize("error", [None, "an error was encountered while running the model"])
def test_a_stream_that_breaks_off_is_asked_for_again_when_nobody_heard_it(
    ollama: FakeOllama, error: str | None
) -> None:
    ollama.chat(breaks_off("half an ans", error=error), says("whole"))
    assert model_of(ollama).chat(asking()).text == "whole"


def test_the_servers_own_words_about_a_broken_stream_are_told(ollama: FakeOllama) -> None:
    ollama.chat(breaks_off("half", error="the runner has terminated"))
    with pytest.raises(ModelFailed, match="the runner has terminated"):
        model_of(ollama).chat(asking())


def test_a_stream_that_was_heard_is_not_begun_again(ollama: FakeOllama) -> None:
    ollama.chat(breaks_off("half"), says("whole"))
    heard: list[str] = []
    with pytest.raises(ModelFailed, match="shown already"):
        model_of(ollama).chat(asking(), listen=heard.append)
    assert (heard, len(ollama.requests)) == (["half"], 1)


def test_a_silent_server_is_asked_again_and_then_given_up(ollama: FakeOllama) -> None:
    ollama.chat(hangs)
    with pytest.raises(ModelFailed, match="said nothing"):
        model_of(ollama).chat(asking(silence=SHORT))
    assert ollama.got_requests(3)


def test_the_time_of_a_request_is_bounded(ollama: FakeOllama) -> None:
    ollama.chat(hangs)
    with pytest.raises(BudgetSpent, match="did not finish"):
        model_of(ollama).chat(asking(seconds=SHORT))


def test_a_request_is_stopped_while_the_server_thinks_and_the_server_learns_of_it(ollama: FakeOllama) -> None:
    ollama.chat(hangs)
    began = time.monotonic()
    with pytest.raises(Stopped):
        model_of(ollama).chat(asking(), stop=ollama.asked.is_set)
    assert time.monotonic() - began < 10, "it waited for the server"
    assert ollama.left.wait(5), "the server still believes that somebody waits"


def test_a_proxy_of_the_environment_is_not_asked_for_a_server_on_this_machine(
    ollama: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    ollama.chat(says("direct"))
    assert model_of(ollama).chat(asking()).text == "direct"


def test_embeddings_are_one_vector_per_text(ollama: FakeOllama) -> None:
    ollama.embed(document({"error": "busy"}, 503), document({"embeddings": [[1, 2.5], [0, 1]]}))
    assert model_of(ollama).embed(["a", "b"]) == ((1.0, 2.5), (0.0, 1.0))
    with pytest.raises(ModelFailed, match="3 vectors"):
        model_of(ollama).embed(["a", "b", "c"])


def test_a_model_is_available_when_the_server_lists_it(ollama: FakeOllama) -> None:
    ollama.tags("small:latest", "large:7b")
    assert model_of(ollama).unavailable() is None
    assert OllamaModel("hub.example/me/small", ollama.url).unavailable() is not None
    told = OllamaModel("other", ollama.url).unavailable() or ""
    assert "ollama pull other" in told
    assert "large:7b, small:latest" in told
