"""Fewer points, the same picture."""

import numpy as np

from misrun.report.html.thinning import kept


def test_a_short_curve_keeps_every_point() -> None:
    assert kept(np.arange(5000.0)).tolist() == list(range(5000))


def test_spikes_and_dips_of_one_point_stay() -> None:
    values = np.random.default_rng(0).normal(size=100_000)
    spikes = [137, 50_001, 99_998]
    values[spikes] = [1e6, -1e6, 1e5]
    chosen = kept(values)
    assert set(spikes) <= set(chosen.tolist())
    assert len(chosen) <= 5_000
    assert chosen[0] == 0
    assert chosen[-1] == 99_999


def test_a_single_nan_and_a_stretch_of_them_stay_gaps() -> None:
    values = np.ones(100_000)
    values[77_777] = np.nan
    values[10_000:20_000] = np.inf
    chosen = kept(values)
    assert 77_777 in chosen
    lost = chosen[~np.isfinite(values[chosen])]
    assert 10_000 in lost
    assert 19_999 in lost


def test_the_extremes_of_every_bucket_are_those_of_all_points() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    chosen = kept(values, buckets=10)
    for low in range(0, 10_000, 1_000):
        part = chosen[(chosen >= low) & (chosen < low + 1_000)]
        assert values[part].max() == values[low : low + 1_000].max()
        assert values[part].min() == values[low : low + 1_000].min()
