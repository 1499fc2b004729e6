"""Validation that has no part in training, and inputs cut short."""

TRAIN = [0.9, 0.4, 0.15, 0.05, 0.02, 0.01]


def test_validation_that_never_rises_while_training_is_solved_is_apart(signals_of) -> None:
    # another order of the labels in validation: a classifier of seven intents, 0.01 right from the first epoch on
    found = signals_of({"train_loss": TRAIN, "val_acc": [0.01, 0.0, 0.0, 0.0, 0.0, 0.0]})["validation_apart"]
    assert found.strength == 1.0
    assert "at least 98.6 % right" in found.text  # 1 - 0.01 / ln 2


def test_logged_training_accuracy_is_taken_before_the_bound(signals_of) -> None:
    columns = {"train_loss": TRAIN, "train_acc": [0.6, 0.8, 0.9, 0.95, 0.99, 0.99], "val_acc": [0.31] * 6}
    assert signals_of(columns)["validation_apart"].values["training"] == 0.99


def test_a_validation_that_rose_first_is_no_stranger_to_training(signals_of) -> None:
    overfitted = {"train_loss": TRAIN, "val_acc": [0.20, 0.30, 0.40, 0.42, 0.41, 0.40]}
    assert "validation_apart" not in signals_of(overfitted)
    assert "validation_apart" not in signals_of({"train_loss": TRAIN, "val_acc": [0.7, 0.72, 0.71, 0.72, 0.73, 0.72]})


def test_nothing_is_apart_while_training_has_learned_little(signals_of) -> None:
    assert "validation_apart" not in signals_of({"train_loss": [0.69] * 6, "val_acc": [0.3] * 6})


def test_a_short_window_is_a_mark_and_no_failure(signals_of) -> None:
    short = signals_of({"loss": TRAIN}, {"max_length": 16})["window_short"]
    assert (short.value, short.strength < 0.5) == (16.0, True)
    assert "window_short" not in signals_of({"loss": TRAIN}, {"max_length": 512})


def test_token_ids_of_another_table_are_worse_than_a_guess_from_the_first_validation_on(signals_of) -> None:
    # a note generator of 96 terms whose dev set was encoded with another list of them: a guess costs ln 96 = 4.56
    columns = {"train_loss": [3.5, 1.2, 0.4, 0.1, 0.03, 0.02], "val_loss": [6.0, 6.4, 6.7, 6.9, 7.1, 7.2]}
    found = signals_of(columns, {"vocab_size": 96})["validation_apart"]
    assert found.strength >= 0.5
    assert found.values["validation"] == 6.0


def test_a_memorised_text_is_no_other_text(signals_of) -> None:
    # measured: 300 words learned by heart, validation just above the guess among 60 words (4.09) when first seen
    columns = {"train_loss": [1.57, 0.6, 0.2, 0.1, 0.07, 0.066], "val_loss": [4.61, 5.0, 5.3, 5.6, 5.9, 6.0]}
    assert "validation_apart" not in signals_of(columns, {"vocab_size": 60})
    usual = {"train_loss": [3.0, 1.2, 0.4, 0.1, 0.03, 0.02], "val_loss": [3.5, 3.4, 4.0, 5.0, 6.0, 6.5]}
    assert "validation_apart" not in signals_of(usual, {"vocab_size": 60})
