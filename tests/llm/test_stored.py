"""Answers that are kept, per version of the model's weights."""

from pathlib import Path

import pytest
from fake_ollama import FakeOllama, says

from misrun.tools.llm.errors import ModelMissing
from misrun.tools.llm.model import ChatRequest, Message
from misrun.tools.llm.stored import stored_model

REQUEST = ChatRequest(messages=(Message(role="user", content="Why?"),))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MISRUN_HOME", str(tmp_path))
    monkeypatch.setenv("MISRUN_MODEL", "me/small")
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    return tmp_path


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_an_answer_is_asked_for_once_per_version_of_the_weights(
    ollama: FakeOllama, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", ollama.url)
    ollama.chat(says("first"), says("second"))
    ollama.tags("me/small:latest")
    assert [stored_model().chat(REQUEST).text for _ in range(2)] == ["first", "first"]
    assert [path.name for path in home.rglob("*.jsonl")] == ["me_small-abc.jsonl"]
    ollama.tags("me/small:latest", digest="def")
    assert stored_model().chat(REQUEST).text == "second"


def test_without_a_chosen_model_nothing_can_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISRUN_MODEL")
    with pytest.raises(ModelMissing, match="MISRUN_MODEL"):
        stored_model()
