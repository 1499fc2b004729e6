"""Lighthouse keepers' log entries, made from a small grammar, as token ids."""
from dataclasses import dataclass

import numpy as np

SLOTS = {
    "watch": ["first", "middle", "morning", "forenoon", "dog"],
    "lamp": ["lit", "trimmed", "dimmed", "extinguished"],
    "ship": ["barque", "steamer", "trawler", "ketch", "lugger", "tender"],
    "bearing": ["north", "south", "east", "west"],
    "weather": ["clear", "hazy", "squally", "drizzle", "snow", "overcast"],
}
# What goes with what: the keeper's habits.
SHIP_HEADS = {"barque": "west", "steamer": "north", "trawler": "east", "ketch": "south", "lugger": "west", "tender": "east"}
LAMP_IN = {"clear": "dimmed", "hazy": "lit", "squally": "trimmed", "drizzle": "lit", "snow": "trimmed", "overcast": "extinguished"}
FRAME = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "watch", "lamp", "sighted", "heading", "weather", ",", ".", "again"]
WORDS = FRAME + [word for words in SLOTS.values() for word in words]
ID = {word: i for i, word in enumerate(WORDS)}
MASK = ID["[MASK]"]
N_FRAME = len(FRAME)


@dataclass
class Corpus:
    train: np.ndarray
    held_out: np.ndarray


def entry(rng):
    ship, weather = rng.choice(SLOTS["ship"]), rng.choice(SLOTS["weather"])
    return ["[CLS]", rng.choice(SLOTS["watch"]), "watch", ",", "weather", weather, ",", "lamp", LAMP_IN[weather], ",",
            "sighted", ship, "heading", SHIP_HEADS[ship], "[SEP]"]


def entries(count, seed):
    rng = np.random.default_rng(seed)
    return np.array([[ID[str(word)] for word in entry(rng)] for _ in range(count)])


def build(n_train, n_held_out, seed):
    both = entries(n_train + n_held_out, seed)
    return Corpus(both[:n_train], both[n_train:])


def mask_tokens(ids, rng, rate):
    """15 % style masking; returns inputs and labels with -100 where nothing is asked."""
    chosen = rng.random(ids.shape) < rate
    chosen[:, 0] = chosen[:, -1] = False
    return np.where(chosen, MASK, ids), np.where(chosen, ids, -100)
