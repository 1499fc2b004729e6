"""Lighting cues as the stage manager speaks them, and the five desk commands that they stand for."""
import numpy as np
import torch

DESK = {
    "lamp": ("follow", "wash", "flood", "strobe", "gobo"),
    "colour": ("amber", "steel", "rose", "green"),
    "side": ("left", "right", "centre", "apron"),
    "speed": ("snap", "slow", "glide", "creep"),
    "level": ("dim", "half", "bright"),
}
TALK = ("stand", "by", "please", "on", "the", "next", "line", "and", "now", "bring", "it", "up", "with")
HEARD = ("_",) + TALK + tuple(w for words in DESK.values() for w in words)
KEYS = ("_",) + tuple(f"{name}:{i}" for name, words in DESK.items() for i in range(len(words)))
HEARD_LEN, KEYS_LEN = 12, len(DESK)
_heard = {w: i for i, w in enumerate(HEARD)}
_keys = {k: i for i, k in enumerate(KEYS)}


def cues(count, seed):
    rng = np.random.default_rng(seed)
    heard, keys = np.zeros((count, HEARD_LEN), dtype=np.int64), np.zeros((count, KEYS_LEN), dtype=np.int64)
    for row in range(count):
        chosen = {name: rng.integers(len(words)) for name, words in DESK.items()}
        words = [_heard[DESK[name][i]] for name, i in chosen.items()]
        words += [_heard[TALK[i]] for i in rng.integers(len(TALK), size=rng.integers(3, HEARD_LEN - KEYS_LEN + 1))]
        rng.shuffle(words)
        heard[row, :len(words)] = words
        keys[row] = [_keys[f"{name}:{i}"] for name, i in chosen.items()]
    return torch.from_numpy(heard), torch.from_numpy(keys)
