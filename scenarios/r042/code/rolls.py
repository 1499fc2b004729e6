"""Barrel-organ rolls: an organ plays tunes from its barrel one after another, with a slip now and then."""
import numpy as np

NOTES = 40


def barrel(tunes=8, length=16, seed=1888):
    rng = np.random.default_rng(seed)
    return [np.cumsum(rng.integers(-6, 7, length)) % NOTES for _ in range(tunes)]


def play(organs, ticks, seed, slips=0.03):
    """Notes of shape (organs, ticks)."""
    rng = np.random.default_rng(seed)
    tunes = barrel()
    rolls = np.stack([
        np.concatenate([tunes[i] for i in rng.integers(0, len(tunes), ticks // 16 + 2)])[(start := rng.integers(0, 16)):start + ticks]
        for _ in range(organs)
    ])
    slip = rng.random(rolls.shape) < slips
    return np.where(slip, rng.integers(0, NOTES, rolls.shape), rolls)
