"""Sea-area bulletins in words and the four-group code that the harbour office files.

A bulletin names wind direction, force, sea and visibility in any order, between the phrases every bulletin has.
"""
import random

WIND = ["northerly", "northeasterly", "easterly", "southeasterly", "southerly", "southwesterly", "westerly", "northwesterly"]
FORCE = ["calm", "light", "gentle", "moderate", "fresh", "strong", "gale", "storm"]
SEA = ["smooth", "slight", "choppy", "rough", "very-rough", "high", "phenomenal"]
VISIBILITY = ["fog", "mist", "haze", "fair", "good", "excellent"]
PHRASES = ["the", "and", "at", "times", "later", "in", "becoming", "mainly", "with", "occasionally", "first", "expected", "showers", "cyclonic"]
GROUPS = [("W", WIND), ("F", FORCE), ("S", SEA), ("V", VISIBILITY)]

SPECIAL = ["<pad>", "</s>"]
SOURCE = SPECIAL + PHRASES + [word for _, words in GROUPS for word in words]
TARGET = SPECIAL + [f"{letter}{i}" for letter, words in GROUPS for i in range(len(words))]
SOURCE_ID = {word: i for i, word in enumerate(SOURCE)}
TARGET_ID = {word: i for i, word in enumerate(TARGET)}
LENGTH = 12


def bulletin(rng: random.Random):
    picks = [rng.randrange(len(words)) for _, words in GROUPS]
    words = [words[i] for (_, words), i in zip(GROUPS, picks)]
    words += rng.choices(PHRASES, k=rng.randint(3, LENGTH - 5))
    rng.shuffle(words)
    code = [f"{letter}{i}" for (letter, _), i in zip(GROUPS, picks)]
    return words, code


def encode(words, code):
    source = [SOURCE_ID[w] for w in words] + [1]
    return source + [0] * (LENGTH - len(source)), [TARGET_ID[c] for c in code] + [1]
