"""Ten scripted conversations, without a model and with one: the same answers, from the same records."""

from pathlib import Path

import pytest
from conversation_files import FILES, check, exchanges
from talkers import Talker, honest

from misrun.agents.researcher.answer import Answer, Checked, Event, Spoken
from misrun.agents.researcher.conversation import Conversation
from misrun.agents.researcher.store import ConversationStore
from misrun.tools.llm.model import LanguageModel


def replayed(file: Path, store: ConversationStore, runs: Path, model: LanguageModel | None) -> list[list[Event]]:
    conversation = Conversation(store, store.create(), model)
    events = []
    for exchange in exchanges(file, runs):
        events.append(list(conversation.say(exchange.said)))
        check(exchange, answer_in(events[-1]))
    return events


def answer_in(events: list[Event]) -> Answer:
    (answer,) = (event for event in events if isinstance(event, Answer))
    return answer


def test_there_are_ten() -> None:
    assert len(FILES) >= 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_conversation_goes_as_it_should_without_a_model(file: Path, store: ConversationStore, runs: Path) -> None:
    events = replayed(file, store, runs, None)
    assert not any(isinstance(event, Spoken | Checked) for turn in events for event in turn)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_model_adds_words_and_changes_no_fact(file: Path, store: ConversationStore, runs: Path) -> None:
    model = Talker(honest)
    events = replayed(file, store, runs, model)
    worded = [turn for turn in events if answer_in(turn).worded]
    for turn in worded:
        assert [event for event in turn if isinstance(event, Spoken)], turn
    assert len([r for r in model.requests if "sentences" in str(r.answer_schema)]) == len(worded)
