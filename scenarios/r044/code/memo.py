"""Radio beacons keep a running tally: after a long record of pulses the operator notes the state of four lamps.

Each pulse token toggles, sets or clears one lamp, or is chatter; the note after the record names the lamps that are lit.
"""
import numpy as np
import torch

LAMPS = 3
CHATTER = 6
SET, CLEAR = 0, LAMPS
WORDS = 2 * LAMPS + CHATTER
STATES = 2 ** LAMPS


def records(count, length, seed):
    """ids (count, length) and the lamp state (count, length) after each token, as a number."""
    rng = np.random.default_rng(seed)
    chatter = rng.random((count, length)) < 0.8
    ids = np.where(chatter, rng.integers(2 * LAMPS, WORDS, (count, length)), rng.integers(0, 2 * LAMPS, (count, length)))
    lit = np.zeros((count, LAMPS), dtype=np.int64)
    states = np.zeros((count, length), dtype=np.int64)
    for t in range(length):
        for lamp in range(LAMPS):
            lit[ids[:, t] == SET + lamp, lamp] = 1
            lit[ids[:, t] == CLEAR + lamp, lamp] = 0
        states[:, t] = lit @ (2 ** np.arange(LAMPS))
    return torch.from_numpy(ids), torch.from_numpy(states)
