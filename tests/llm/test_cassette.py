"""Recording and playing back."""

import json
from pathlib import Path

import pytest

from misrun.tools.llm.cassette import Cassette, UnseenRequest
from misrun.tools.llm.errors import ModelFailed
from misrun.tools.llm.model import ChatRequest, Limits, Message
from misrun.tools.llm.scripted import ScriptedModel


def asking(text: str, **limits: float) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=text),), limits=Limits.model_validate(limits))


def test_what_was_answered_once_is_played_back_without_a_model(tmp_path: Path) -> None:
    tape = tmp_path / "deep" / "tape.jsonl"
    recorded = Cassette(tape, ScriptedModel(["a line\u2028and more", "two"]))
    first, second = recorded.chat(asking("1")), recorded.chat(asking("2"))
    played = Cassette(tape, name="scripted")
    heard: list[str] = []
    assert (played.chat(asking("2")), played.chat(asking("1"), listen=heard.append)) == (second, first)
    assert heard == ["a line\u2028and more"]


def test_a_request_is_asked_once(tmp_path: Path) -> None:
    model = ScriptedModel(["one"])
    cassette = Cassette(tmp_path / "t.jsonl", model)
    assert cassette.chat(asking("1")) == cassette.chat(asking("1", seconds=3.0, silence=1.0))
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    "other",
    [
        asking("2"),
        asking("1", reply_tokens=9),
        asking("1").model_copy(update={"temperature": 1.0}),
        asking("1").model_copy(update={"answer_schema": {}}),
    ],
)
def test_another_request_or_another_model_is_not_in_the_recording(tmp_path: Path, other: ChatRequest) -> None:
    tape = tmp_path / "t.jsonl"
    Cassette(tape, ScriptedModel(["one"])).chat(asking("1"))
    with pytest.raises(UnseenRequest, match=r"t\.jsonl holds no answer of scripted"):
        Cassette(tape, name="scripted").chat(other)
    with pytest.raises(UnseenRequest):
        Cassette(tape, name="another").chat(asking("1"))


def test_failures_are_not_recorded_and_a_line_cut_short_is_asked_for_again(tmp_path: Path) -> None:
    tape = tmp_path / "t.jsonl"
    cassette = Cassette(tape, ScriptedModel([ModelFailed("gone"), "one"]))
    with pytest.raises(ModelFailed):
        cassette.chat(asking("1"))
    assert not tape.exists()
    cassette.chat(asking("1"))
    whole = tape.read_text()
    tape.write_text(whole[: len(whole) // 2])
    assert Cassette(tape, ScriptedModel(["again"])).chat(asking("1")).text == "again"


def test_a_recording_can_be_read_by_hand(tmp_path: Path) -> None:
    tape = tmp_path / "t.jsonl"
    Cassette(tape, ScriptedModel(["one"])).chat(asking("why?"))
    (line,) = tape.read_text().splitlines()
    take = json.loads(line)
    assert (take["model"], take["request"]["messages"][0]["content"], take["reply"]["text"]) == (
        "scripted",
        "why?",
        "one",
    )


def test_a_recording_alone_is_available_and_holds_no_vectors(tmp_path: Path) -> None:
    alone = Cassette(tmp_path / "t.jsonl", name="any")
    assert alone.unavailable() is None
    with pytest.raises(UnseenRequest):
        alone.embed(["a"])
    assert Cassette(tmp_path / "t.jsonl", ScriptedModel([], vectors=[[1.0]])).embed(["a"]) == ((1.0,),)
