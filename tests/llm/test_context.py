"""Fitting lines into a room: what stays, in which order, and that omissions are said."""

import pytest

from misrun.tools.llm.context import Line, fitted, tokens_of

ROWS = [f"step {i} loss {2.0 - i / 100:.3f}" for i in range(60)]


def test_what_fits_is_left_as_it_is() -> None:
    assert fitted([Line("a", 1.0), Line("b", 2.0)], 100) == "a\nb"
    assert fitted([], 100) == ""


def test_the_most_relevant_lines_stay_in_their_order_and_gaps_are_counted() -> None:
    lines = [Line(row, relevance=i) for i, row in enumerate(ROWS)]
    lines[0] = Line("header", relevance=1000)
    text = fitted(lines, 200).split("\n")
    assert text[0] == "header"
    assert text[-1] == ROWS[-1]
    assert text[1] == f"[{60 - (len(text) - 1)} lines left out]"
    assert text[2:] == ROWS[-(len(text) - 2) :]


@pytest.mark.parametrize("room", [15, 60, 200, 600])
def test_the_room_is_never_exceeded(room: int) -> None:
    scattered = [Line(row, relevance=(i * 37) % 60) for i, row in enumerate(ROWS)]
    text = fitted(scattered, room)
    assert tokens_of(text) <= room
    assert "left out]" in text


def test_a_line_that_is_too_long_gives_way_to_shorter_ones() -> None:
    assert fitted([Line("9" * 500, 2.0), Line("short", 1.0)], 40) == "[1 line left out]\nshort"


@pytest.mark.parametrize(
    ("text", "counted"),
    # Counted by Qwen2.5-Coder's tokenizer through /api/chat, less the turn's own tokens.
    [
        ("step loss eval_loss grad_norm memory lr\n100 0.6718 - 16.95 805.2 0.0002551\n", 43),
        ("Choose unknown/undetermined when what you are shown does not tell the cause.", 16),
    ],
)
def test_the_estimate_is_near_a_real_tokenizer_and_not_below_it_by_much(text: str, counted: int) -> None:
    assert 0.9 * counted <= tokens_of(text) <= 1.6 * counted
