import math

import numpy as np
import pytest

from misrun.evals.statistics import (
    compare,
    confusion,
    cost,
    coverage_curve,
    expected_calibration_error,
    holm,
    mcnemar_exact,
    per_class,
    reliability,
    share,
)


def test_a_share_keeps_its_counts_and_its_interval_covers_it() -> None:
    found = share([True] * 57 + [False] * 19)
    assert (found.k, found.n) == (57, 76)
    # The normal approximation of a share of 0.75 at n = 76 is 0.653 to 0.847; a bootstrap comes out near it.
    assert found.low == pytest.approx(0.653, abs=0.02)
    assert found.high == pytest.approx(0.847, abs=0.02)


def test_a_share_of_nothing_is_not_a_number() -> None:
    assert math.isnan(share([]).value)
    assert str(share([])) == "0/0"


@pytest.mark.parametrize(
    ("b", "c", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (1, 9, 22 / 1024), (0, 10, 2 / 1024)]
)
def test_mcnemar_is_exact(b: int, c: int, p: float) -> None:
    assert mcnemar_exact(b, c) == pytest.approx(p)


def test_a_comparison_counts_who_alone_was_right() -> None:
    found = compare("a", [True, True, True, False], "b", [True, False, False, True])
    assert (found.only_first, found.only_second, found.difference) == (2, 1, 0.25)
    deltas = np.array([0, 1, 1, -1.0])
    assert found.d == pytest.approx(deltas.mean() / deltas.std(ddof=1))
    # t = d sqrt(4) = 0.522 with 3 degrees of freedom.
    assert found.p_t == pytest.approx(0.638, abs=1e-3)


def test_equal_methods_do_not_differ() -> None:
    found = compare("a", [True, False], "b", [True, False])
    assert (found.difference, found.p_exact) == (0, 1)
    assert math.isnan(found.d)


def test_holm_corrects_in_order_and_never_lets_a_larger_p_come_out_smaller() -> None:
    hits = [True] * 20
    found = [compare("a", hits, "b", [False] * n + [True] * (20 - n)) for n in (1, 6, 10)]
    corrected = holm(found)
    raw = [c.p_exact for c in found]
    assert [c.p_holm for c in corrected] == pytest.approx([min(1, raw[0]), raw[1] * 2, raw[2] * 3])


def test_scores_per_class_and_the_confusion_agree() -> None:
    actual, said = ["a", "a", "b", "c"], ["a", "b", "b", "b"]
    scores = {s.name: s for s in per_class(actual, said)}
    assert (scores["b"].precision, scores["b"].recall) == (1 / 3, 1.0)
    assert scores["b"].f1 == pytest.approx(0.5)
    assert math.isnan(scores["c"].precision)
    table = confusion(actual, said)
    assert table["a"] == {"a": 1, "b": 1, "c": 0}
    assert sum(sum(row.values()) for row in table.values()) == 4


def test_calibration_error_by_hand() -> None:
    probabilities, hits = [0.95, 0.95, 0.55, 0.55], [True, True, True, False]
    assert expected_calibration_error(probabilities, hits) == pytest.approx(0.5 * 0.05 + 0.5 * 0.05)
    assert [(b.low, b.n, b.accuracy) for b in reliability(probabilities, hits)] == [(0.5, 2, 0.5), (0.9, 2, 1.0)]


def test_probabilities_of_0_and_1_have_a_bin() -> None:
    assert [b.n for b in reliability([0.0, 1.0], [False, True])] == [1, 1]
    assert expected_calibration_error([0.0, 1.0], [False, True]) == 0


def test_coverage_starts_with_the_most_certain_and_ends_with_all() -> None:
    curve = coverage_curve([0.9, 0.5, 0.9, 0.1], [True, False, True, True])
    assert [(p.covered, p.right) for p in curve] == [(2, 2), (3, 2), (4, 3)]
    assert curve[-1].accuracy == 0.75


def test_cost_is_that_of_the_paper() -> None:
    assert cost(automatic=1, human=10, resolved=0.7) == pytest.approx(0.7 + 3.0)
