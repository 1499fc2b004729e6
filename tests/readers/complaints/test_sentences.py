"""Single sentences: which complaints they make, what was tried, when it happened."""

import pytest

from misrun.tools.readers.complaint_table import COMPLAINTS
from misrun.tools.readers.lines.complaints import is_attempt, moment, said

from .sentences import DOES_NOT_MAKE, HARMLESS, MAKES, MAKES_TOO

_MADE = [(name, sentence) for name, sentences in MAKES.items() for sentence in sentences]
_NOT_MADE = [(name, sentence) for name, sentences in DOES_NOT_MAKE.items() for sentence in sentences]


@pytest.mark.parametrize(("name", "sentence"), [*_MADE, *MAKES_TOO])
def test_a_complaint_is_recognised(name: str, sentence: str) -> None:
    assert name in said(sentence)


@pytest.mark.parametrize(("name", "sentence"), _NOT_MADE)
def test_a_look_alike_is_no_complaint(name: str, sentence: str) -> None:
    assert name not in said(sentence)


@pytest.mark.parametrize("sentence", HARMLESS)
def test_plain_statements_and_advice_make_no_complaint(sentence: str) -> None:
    assert said(sentence) == ()


def test_every_complaint_has_three_sentences_of_its_own() -> None:
    assert {row.name for row in COMPLAINTS} == set(MAKES)
    assert all(len(sentences) >= 3 for sentences in MAKES.values())


def test_a_solved_problem_is_no_complaint_but_asking_for_a_solution_is() -> None:
    assert said("The nan loss has been solved by now") == ()
    assert "loss_nan" in said("The loss is nan, has anyone solved this?")


def test_the_neighbouring_sentence_can_give_the_condition() -> None:
    assert "rl_loss_zero" in said("The loss is always 0.", "I train with GRPO. The loss is always 0.")
    assert "rl_loss_zero" not in said("The loss is always 0.", "I train a classifier. The loss is always 0.")


@pytest.mark.parametrize(
    "sentence",
    [
        "I tried a lower learning rate but it is still nan",
        "adjusting the learning rate has no effect",
        "even with batch size 1 it still runs out of memory",
        "We have reduced the batch size to 6",
        "减小学习率也不行",
        "Changing the optimizer does not help",
    ],
)
def test_an_attempt_is_recognised(sentence: str) -> None:
    assert is_attempt(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "I tried to train the model on my data",
        "You should reduce the batch size",
        "The learning rate is 0.1",
        "If you change the batch size it still works",
        "The batch size is 32",
    ],
)
def test_what_is_done_or_advised_is_no_attempt(sentence: str) -> None:
    assert not is_attempt(sentence)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The loss is nan after ~2000 iterations", {"step": 2000.0}),
        ("after 1,300 steps it stops", {"step": 1300.0}),
        ("nan after 20k steps", {"step": 20000.0}),
        ("it fails in the 7th epoch", {"epoch": 7.0}),
        ("It crashes at epoch 12", {"epoch": 12.0}),
        ("训练到100轮之后变成nan", {"epoch": 100.0}),
        ("I use batch size 64", {}),
    ],
)
def test_the_moment_is_read(sentence: str, expected: dict[str, float]) -> None:
    assert moment(sentence) == expected
