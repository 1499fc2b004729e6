"""When the recorder measures: by the share of time it may take, and closely after a precursor."""

import math

import pytest

from misrun.tools.recorder import budget
from misrun.tools.recorder.precursors import LEAST, LOSS_RISE, MEMORY_RISES, WATCH, Growth, Precursors, Rise


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(budget, "time", clock)
    return clock


def spend(clock: Clock, account: budget.Budget, *, steps: int, step: float, cost: float, fine: bool) -> int:
    """Steps of `step` seconds, `cost` more where measured; how many were."""
    measured = 0
    for _ in range(steps):
        clock.now += step
        if account.allows(fine=fine):
            clock.now += cost
            account.spent += cost
            account.measured(cost)
            measured += 1
    return measured


@pytest.mark.parametrize(("step", "cost"), [(0.1, 0.004), (0.001, 0.0005), (10.0, 0.05), (0.01, 1.0)])
def test_measuring_stays_within_its_share_whatever_it_costs(clock: Clock, step: float, cost: float) -> None:
    account = budget.Budget()
    measured = spend(clock, account, steps=20_000, step=step, cost=cost, fine=False)
    # The very first measurement is made before its cost is known.
    assert account.spent <= budget.COARSE_SHARE * account.elapsed + budget.COARSE_GRANT + cost
    assert measured >= 1


def test_watching_spends_more_and_stays_below_two_percent(clock: Clock) -> None:
    account = budget.Budget()
    coarse = spend(clock, account, steps=2000, step=0.1, cost=0.004, fine=False)
    watched = spend(clock, account, steps=WATCH, step=0.1, cost=0.004, fine=True)
    assert watched == WATCH  # every one of them: two hundred seconds have saved more than it takes
    assert coarse < 2000 / 5
    spend(clock, account, steps=20_000, step=0.1, cost=0.004, fine=True)
    assert account.spent / account.elapsed < 0.02


def test_one_slow_measurement_does_not_end_measuring(clock: Clock) -> None:
    account = budget.Budget()
    account.measured(5.0)
    account.spent += 5.0
    assert spend(clock, account, steps=100_000, step=0.1, cost=0.004, fine=False) > 1000


def test_a_rise_is_told_once_and_again_after_recovery() -> None:
    rise = Rise(LOSS_RISE)
    usual = [2.0 + 0.01 * (i % 3) for i in range(3 * LEAST)]
    assert [rise.onset(value) for value in usual] == [None] * len(usual)
    assert "usually 2.01" in str(rise.onset(9.0))
    assert rise.onset(9.0) is None
    assert rise.onset(2.0) is None
    assert rise.onset(9.0) is not None


def test_noise_and_a_falling_loss_are_no_rise() -> None:
    import random

    chance = random.Random(0)
    rise = Rise(LOSS_RISE)
    losses = [4.0 * math.exp(-i / 200) + chance.gauss(0, 0.1) for i in range(400)]
    assert not any(map(rise.onset, losses))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_the_first_value_that_is_not_finite_is_a_precursor(value: float) -> None:
    seen = Precursors()
    line = seen.see("loss", value, 1)
    assert line is not None
    assert (line["step"], line["sign"]) == (1, "not finite")
    assert seen.see("loss", value, 2) is None  # it goes on, and is not told again
    assert [seen.watching(step) for step in (2, 1 + WATCH, 2 + WATCH)] == [True, True, False]


def test_memory_that_only_rises_is_a_precursor() -> None:
    growth = Growth()
    leaking = [growth.onset(100.0 + 2.0 * i) for i in range(MEMORY_RISES + 1)]
    assert leaking[-1] is not None
    assert not any(leaking[:-1])
    swinging = Growth()
    assert not any(swinging.onset(100.0 + 50.0 * (i % 4)) for i in range(50))
