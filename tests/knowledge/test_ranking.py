"""Entries of the failure mode that the best ones agree on rise; nothing else changes places."""

import numpy as np

from misrun.knowledge.ranking import Modes, fused, with_mode

EVERYTHING = np.full(4, True)


def test_an_entry_of_the_agreed_mode_passes_one_of_another() -> None:
    modes = Modes([("oom",), ("oom",), ("nan",), ("oom",)])
    scores = np.array([0.8, 0.78, 0.5, 0.48])
    raised = with_mode(scores, modes, EVERYTHING)
    assert list(np.argsort(-raised)) == [0, 1, 3, 2]
    assert raised.max() <= 1


def test_only_the_wanted_entries_vote() -> None:
    modes = Modes([("oom",), ("oom",), ("nan",), ("oom",)])
    scores = np.array([0.8, 0.78, 0.5, 0.48])
    raised = with_mode(scores, modes, np.array([False, False, True, True]))
    assert raised[2] > raised[3]


def test_an_entry_without_a_mode_keeps_its_score() -> None:
    raised = with_mode(np.array([0.8, 0.4]), Modes([("oom",), ()]), np.full(2, True))
    assert raised[1] == 0.4


def test_a_corpus_without_any_mode_is_ranked_as_it_is() -> None:
    scores = np.array([0.1, 0.3, 0.2])
    assert (with_mode(scores, Modes([(), (), ()]), np.full(3, True)) == scores).all()


def test_words_and_meaning_both_count() -> None:
    assert fused(np.array([0.5]), np.array([0.5]))[0] == 0.5
    assert fused(np.array([0.0]), np.array([1.0]))[0] > fused(np.array([1.0]), np.array([0.0]))[0] > 0
