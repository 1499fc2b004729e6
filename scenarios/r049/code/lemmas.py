"""Inflected forms of a small made-up language and their lemmas: prefix harmony, a doubled consonant, a suffix swap."""
import random

LETTERS = "abcdefghijklmnop"
VOWELS = "aeio"
PAD, BOS, EOS = 0, 1, 2
VOCAB = 3 + len(LETTERS)
SUFFIX = {"an": "ek", "el": "io", "ob": "am", "ik": "ol"}


def pair(rng):
    consonants = [c for c in LETTERS if c not in VOWELS]
    stem = "".join(rng.choice(consonants) + rng.choice(VOWELS) for _ in range(3)) + rng.choice(consonants)
    ending = rng.choice(sorted(SUFFIX))
    inflected = stem[1] + stem + stem[-1] + ending
    return inflected, stem + SUFFIX[ending]


def transcribed(word, rng):
    """The cards were typed by students; about one letter in eight is another one."""
    return "".join(rng.choice(LETTERS) if rng.random() < 0.12 else c for c in word)


def encode(word):
    return [3 + LETTERS.index(c) for c in word]


def batch(n, rng, typed=True):
    import torch

    pairs = [pair(rng) for _ in range(n)]
    if typed:
        pairs = [(a, transcribed(b, rng)) for a, b in pairs]
    source = torch.tensor([encode(a) + [EOS] for a, _ in pairs])
    target = torch.tensor([[BOS] + encode(b) + [EOS] for _, b in pairs])
    return source, target


def stream(seed):
    return random.Random(seed)
