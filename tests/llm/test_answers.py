"""From what models really write to a validated record: thoughts, fences, remarks, refusals, wrong shapes, one repair."""

import pytest
from pydantic import Field

from misrun.prompts.render import Rendered
from misrun.tools.llm.answers import Answered, ask, request_of, without_thoughts
from misrun.tools.llm.budget import Budgeted
from misrun.tools.llm.errors import BadAnswer, BudgetSpent, ModelFailed, Stopped
from misrun.tools.llm.model import ChatRequest, Limits, Listener, Reply, StopAsked, never
from misrun.tools.llm.scripted import ScriptedModel, ScriptEnded
from misrun.tools.record import Record


class Colour(Record):
    name: str
    share: int = Field(ge=0, le=100)


REQUEST = request_of(Rendered(system="s", user="u", answer_schema={"type": "object"}))
RED = Colour(name="red", share=7)


def asked(*script: str | Exception) -> tuple[Answered[Colour], ScriptedModel]:
    model = ScriptedModel(script)
    return ask(model, REQUEST, Colour), model


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "red", "share": 7}',
        '```json\n{"name": "red", "share": 7}\n```',
        'Sure! Here is the answer:\n\n{"name": "red", "share": 7}\n\nLet me know if {this} helps.',
        '<think>Perhaps {"name": "blue", "share": 1}?</think>{"name": "red", "share": 7}',
        'the user wants {"name": "blue", "share": 1}</think>\n{"name": "red", "share": 7}',
        '<THINKING>\nhm\n</THINKING> {"name": "red", "share": 7} <think>was that ri',
        '{"name": "out", "arguments": {"name": "red", "share": 7}}',
        '{"type": "object"} {"name": "red", "share": 7}',
    ],
)
def test_an_answer_is_found_in_what_stands_around_it(text: str) -> None:
    answer, model = asked(text)
    assert (answer.value, answer.repaired, len(model.requests)) == (RED, False, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I'm sorry, but I can't help with that.", "no JSON object in it, it says: \"I'm sorry"),
        ("", "it says: ''"),
        ('{"name": "red"', "no JSON object"),
        ('{"name": "red", "share": 700}', "share: Input should be less than or equal to 100"),
        ('{"colour": "red"}', "name: Field required"),
        ('<think>{"name": "blue", "share": 1}', "it says: ''"),
        ('{"a":' * 5000, "no JSON object"),
    ],
)
def test_what_is_wrong_is_told_to_the_model_which_gets_one_more_turn(text: str, told: str) -> None:
    answer, model = asked(text, '{"name": "red", "share": 7}')
    assert (answer.value, answer.repaired) == (RED, True)
    first, second = model.requests
    assert first is REQUEST
    assert [m.role for m in second.messages] == ["system", "user", "assistant", "user"]
    assert told in second.messages[-1].content
    assert second.answer_schema == REQUEST.answer_schema
    assert sum(len(m.content) for m in second.messages) < 4000


def test_two_unusable_answers_are_a_typed_failure_that_says_why() -> None:
    with pytest.raises(BadAnswer, match="twice: there is no JSON object in it, it says: 'No way"):
        asked("No.", "No\x1b way.")


def test_an_answer_that_ran_out_of_tokens_is_told_as_such() -> None:
    class Cut(ScriptedModel):
        def chat(self, request: ChatRequest, *, listen: Listener | None = None, stop: StopAsked = never) -> Reply:
            return super().chat(request).model_copy(update={"cut": True})

    with pytest.raises(BadAnswer, match="cut off"):
        ask(Cut(['{"name": "re', '{"name": "re']), REQUEST, Colour)
    assert ask(Cut(['{"name": "red", "share": 7} and']), REQUEST, Colour).value == RED


def test_failures_of_the_model_are_not_taken_for_answers() -> None:
    with pytest.raises(ModelFailed, match="gone"):
        asked(ModelFailed("gone"))
    with pytest.raises(ModelFailed, match="gone"):
        asked("garbage", ModelFailed("gone"))


def test_the_cost_of_an_answer_counts_both_rounds() -> None:
    once, _ = asked('{"name": "red", "share": 7}')
    twice, _ = asked("no", '{"name": "red", "share": 7}')
    assert twice.tokens > once.tokens > 0


def test_text_without_thoughts_is_left_as_it_is() -> None:
    assert without_thoughts(" a < b and <thin> ") == "a < b and <thin>"


def test_a_script_that_is_over_fails_the_test_and_not_the_model() -> None:
    with pytest.raises(ScriptEnded, match="request 2 asks"):
        asked("garbage")
    with pytest.raises(ScriptEnded):
        ScriptedModel([], vectors=[[1.0]]).embed(["a", "b"])


def test_a_scripted_answer_streams_and_can_be_stopped() -> None:
    heard: list[str] = []
    ScriptedModel(["one two  three"]).chat(REQUEST, listen=heard.append)
    assert heard == ["one", " two", "  three"]
    with pytest.raises(Stopped):
        ScriptedModel(["one two"]).chat(REQUEST, stop=lambda: True)
    assert ScriptedModel([], vectors=[[1.0], [2.0]]).embed(["a", "b"]) == ((1.0,), (2.0,))


def test_a_budget_shrinks_with_every_answer_and_is_refused_when_spent() -> None:
    script = ScriptedModel(["one two three", "four", "never asked"])
    model = Budgeted(script, tokens=8, seconds=60.0)
    model.chat(REQUEST)
    assert model.tokens_left == 8 - 2 - 3
    model.chat(REQUEST)
    assert script.requests[1].limits.reply_tokens == 3
    with pytest.raises(BudgetSpent, match="tokens"):
        model.chat(REQUEST)
    with pytest.raises(BudgetSpent, match="tokens"):
        model.embed(["a"])
    assert len(script.requests) == 2


def test_time_counts_against_the_budget_also_when_the_model_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 50.0, 50.0, 55.0))
    monkeypatch.setattr("misrun.tools.llm.budget.time.monotonic", lambda: next(clock))
    script = ScriptedModel([ModelFailed("gone"), "fine"])
    model = Budgeted(script, tokens=100, seconds=54.0)
    with pytest.raises(ModelFailed):
        model.chat(REQUEST)
    model.chat(REQUEST.model_copy(update={"limits": Limits(seconds=30.0)}))
    assert script.requests[1].limits.seconds == pytest.approx(4.0)
    with pytest.raises(BudgetSpent, match="seconds"):
        model.chat(REQUEST)
