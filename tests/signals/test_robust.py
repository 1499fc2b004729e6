"""The statistics on numbers whose answer is known."""

import numpy as np
import pytest

from misrun.tools.signals import robust

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.standard_normal(4000)


def test_spread_and_noise_estimate_the_standard_deviation() -> None:
    assert robust.spread(3 * NORMAL) == pytest.approx(3.0, rel=0.05)
    assert robust.noise(3 * NORMAL + np.linspace(0, 1000, 4000)) == pytest.approx(3.0, rel=0.05)


def test_spread_ignores_a_third_of_wild_values() -> None:
    wild = np.where(np.arange(4000) % 4 == 0, 1e9, NORMAL)
    assert robust.spread(wild) < 2.0


def test_theil_sen_finds_the_slope_through_outliers() -> None:
    steps = np.arange(1000.0)
    values = 0.5 * steps + NORMAL[:1000]
    values[::10] = 1e6
    assert robust.theil_sen(steps, values) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("values", "expected"), [
    ([3.0, 2.0, 1.0], -1), ([1.0, 2.0, 3.0, 4.0], 1), ([1.0, 3.0, 2.0], 0), ([1.0, 1.0, 1.0], 0), ([2.0, 1.0], 0),
])  # fmt: skip
def test_short_series_have_a_trend_only_when_nearly_every_step_agrees(values: list[float], expected: int) -> None:
    assert robust.trend(np.array(values)) == expected


def test_trend_of_noise_is_rarely_one() -> None:
    alarms = sum(robust.trend(RANDOM.standard_normal(100)) != 0 for _ in range(500))
    assert alarms <= 15  # 1 % of 500, and the upper 0.1 % of that binomial


def test_mann_kendall_agrees_with_its_textbook_variance() -> None:
    # n = 10, strictly rising: S = 45, var = 10*9*25/18 = 125
    assert robust.mann_kendall(np.arange(10.0)) == pytest.approx(44 / 125**0.5)


def test_pettitt_finds_a_step_and_not_noise() -> None:
    at, p = robust.change_point(np.concatenate([NORMAL[:60], NORMAL[60:100] + 3]))
    assert abs(at - 60) <= 2
    assert p < 1e-6
    assert robust.change_point(NORMAL[:100])[1] > 0.01


def test_recent_z_is_not_fooled_by_a_rounded_history() -> None:
    z, middle, sigma = robust.recent_z(np.array([2.0] * 20 + [2.001]), 20)
    assert (middle, z < 1) == (2.0, True)
    assert sigma > 0


def test_autocorrelation_of_a_wave_peaks_at_its_period() -> None:
    wave = np.sin(2 * np.pi * np.arange(400) / 25)
    found = robust.autocorrelation(wave, 60)
    assert found[25] == pytest.approx(1.0, abs=0.1)
    assert found[12] < -0.8


def test_strength_is_half_at_the_limit_and_one_beyond() -> None:
    assert robust.strength(10, 10, 100) == 0.5
    assert robust.strength(31.6, 10, 100) == pytest.approx(0.75, abs=0.01)
    assert robust.strength(1e6, 10, 100) == 1.0
    assert robust.strength(0.0, 10, 100) == 0.0
