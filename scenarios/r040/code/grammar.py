"""From the cook's list of articles to the aisles in which they are found, two to eight articles per card."""
import random

ARTICLES = "egg leek milk rice salt corn plum lime kale tuna oats figs".split()
AISLES = "cool veg cool dry spice veg fruit fruit veg tins dry fruit".split()
FLOORS = {"cool": "low", "veg": "low", "fruit": "low", "dry": "high", "spice": "high", "tins": "high"}
LEVELS = [2, 4, 6, 8]
WORDS = ["_", "<go>", "<end>", *ARTICLES, *(f"{article}@{aisle}" for article, aisle in zip(ARTICLES, AISLES)), "low", "high"]
CARD_LENGTH, LIST_LENGTH = LEVELS[-1], LEVELS[-1] + 3


def card(rng, size):
    """The list ends with the floor on which the last article stands."""
    picks = [rng.randrange(len(ARTICLES)) for _ in range(size)]
    found = [f"{ARTICLES[p]}@{AISLES[p]}" for p in picks]
    return [ARTICLES[p] for p in picks], [*found, FLOORS[AISLES[picks[-1]]]]


def ids(words, length):
    row = [WORDS.index(w) for w in words]
    return row + [0] * (length - len(row))


def batch(rng, count, size):
    rows = [card(rng, size) for _ in range(count)]
    source = [ids(a, CARD_LENGTH) for a, _ in rows]
    target = [ids(["<go>", *b, "<end>"], LIST_LENGTH) for _, b in rows]
    return source, target
