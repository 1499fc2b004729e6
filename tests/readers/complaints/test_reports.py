"""Whole reports: what of a pasted text is a person's, and what becomes of it."""

from pathlib import Path

import pytest

from misrun.tools.diagnosis.clues.complaints import COMPLAINT_CLUES
from misrun.tools.diagnosis.taxonomy import MODES
from misrun.tools.readers.complaint_table import COMPLAINTS
from misrun.tools.readers.lines.prose import Prose
from misrun.tools.readers.registry import read_run, read_text
from misrun.tools.readers.run_record import Event, RunRecord
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS


def complaints(run: RunRecord) -> dict[str, Event]:
    return {event.name: event for event in run.events if event.name.startswith("said_")}


def sentences(text: str) -> list[tuple[str, int, int]]:
    prose = Prose()
    for number, line in enumerate(text.split("\n"), start=1):
        prose.feed(number, line)
    return [(sentence.text, sentence.first, sentence.last) for sentence in prose.sentences()]


def test_a_complaint_is_a_warning_with_its_sentence_and_lines() -> None:
    run = read_text("Training problem\n\nHi all.\nAfter 2000 iterations the loss becomes nan. Any idea?\n")
    event = complaints(run)["said_loss_nan"]
    assert (event.kind, event.span.first, event.span.last) == ("warning", 4, 4)
    assert event.message == "After 2000 iterations the loss becomes nan."
    assert event.values == {"step": 2000.0}


def test_an_attempt_is_a_notice_that_keeps_the_sentence() -> None:
    run = read_text("loss is nan\n\nI tried a smaller learning rate but it is still nan.\n")
    event = complaints(run)["said_tried"]
    assert event.kind == "notice"
    assert event.values["attempt"] == "I tried a smaller learning rate but it is still nan."


def test_a_nan_that_a_person_tells_of_is_no_measurement_and_no_error_of_the_program() -> None:
    run = read_text("Why is my training loss nan?\n\nThe loss is nan on my data, loss: nan in every step.\n")
    assert run.series == ()
    assert [event.kind for event in run.events if event.name == "nonfinite_detected"] in ([], ["notice"])


def test_a_log_without_a_person_makes_no_complaint() -> None:
    log = "step 1 loss 2.3 lr 0.1\nstep 2 loss 2.2 lr 0.1\nLoss is nan, stopping training\nstep 3 loss nan lr 0.1\n"
    assert complaints(read_text(log)) == {}


def test_the_log_below_a_question_stays_a_log() -> None:
    run = read_text("why is my loss nan?\nstep 1 loss 2.3 lr 0.1\nstep 2 loss 2.2 lr 0.1\nstep 3 loss nan lr 0.1\n")
    assert "said_loss_nan" in complaints(run)
    loss = run.best("loss")
    assert loss is not None
    assert loss.lines == (2, 3, 4)


@pytest.mark.parametrize(
    "text",
    [
        "Question\n\n```\nmy loss is nan and memory leaks\n```\n",
        "Question\n\n<!-- please say whether\nmy loss is nan -->\nThanks\n",
        "Question\n\n- [x] I have searched issues about loss is nan\n",
        "Question\n\n> my loss is nan\n\nI have no opinion.\n",
        'Question\n\n    print("my loss is nan")\n',
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    check('my loss is nan')\nKeyError: 'x'\n",
    ],
)
def test_code_comments_checklists_and_quotes_are_not_read(text: str) -> None:
    assert "said_loss_nan" not in complaints(read_text(text))


def test_windows_line_ends_and_terminal_colours_do_not_matter() -> None:
    run = read_text("Title\r\n\r\n\x1b[31mMy loss is nan after 5 epochs\x1b[0m\r\n")
    assert complaints(run)["said_loss_nan"].values == {"epoch": 5.0}


def test_a_sentence_wrapped_by_an_editor_is_read_as_one() -> None:
    wrapped = "I have been training this for days, and what I see is that the\nloss is nan in the end. Help!\n"
    assert sentences(wrapped)[0] == (
        "I have been training this for days, and what I see is that the loss is nan in the end.",
        1,
        2,
    )


def test_markup_is_taken_off_and_decimals_do_not_end_sentences() -> None:
    text = "## The **loss** stays at `0.693` ([log](https://example.org/x)) and I wonder. Why?\n"
    assert [sentence for sentence, _, _ in sentences(text)] == ["The loss stays at 0.693 (log) and I wonder.", "Why?"]


def test_a_huge_paste_is_read_only_at_its_beginning() -> None:
    lines = ["I wonder about this run."] + ["some words of a program"] * 2_000 + ["my loss is nan"]
    assert "said_loss_nan" not in complaints(read_text("\n".join(lines)))


def test_a_very_long_line_is_read_without_trouble() -> None:
    assert complaints(read_text("why " + "loss nan not " * 20_000)) is not None


def test_versions_and_devices_in_prose_become_environment() -> None:
    run = read_text(
        "I use an RTX 2070 with pytorch 1.5.0, python 3.7 and cuda 10.1.\npip install transformers==4.15.0\n"
    )
    facts = {(fact.name, fact.value) for fact in run.environment}
    assert {
        ("gpu", "RTX 2070"),
        ("torch", "1.5.0"),
        ("python", "3.7"),
        ("cuda", "10.1"),
        ("transformers", "4.15.0"),
    } <= facts


def test_the_memory_of_a_device_is_given_in_mebibytes() -> None:
    facts = {(fact.name, fact.value) for fact in read_text("显卡：A100（80G）\n").environment}
    assert facts == {("gpu", "A100"), ("gpu_memory_mib", "81920")}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("notes.md", "Today my loss became nan.\n", True),
        ("README.md", "I see that my loss becomes nan after 10 epochs.\n", True),
        ("README.md", "We propose a loss that becomes nan for bad inputs.\n", False),
        ("notes.md", "The loss becomes nan in other projects.\n", False),
        ("train.log", "I see that my loss becomes nan after 10 epochs.\n", False),
    ],
)
def test_of_files_only_free_text_about_an_own_run_counts(tmp_path: Path, name: str, text: str, expected: bool) -> None:
    (tmp_path / name).write_text(text)
    assert ("said_loss_nan" in complaints(read_run(tmp_path))) is expected


def test_every_complaint_has_a_meaning_and_every_clue_names_known_things() -> None:
    names = {f"said_{row.name}" for row in COMPLAINTS}
    assert names <= set(SIGNATURE_MEANINGS)
    assert {mode for mode, _, _, _ in COMPLAINT_CLUES} <= set(MODES)
    assert {signal.removeprefix("error.") for _, signal, _, _ in COMPLAINT_CLUES} == names
