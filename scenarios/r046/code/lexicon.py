"""Interlinear glossing: phrases written in characters -> one gloss per word. Eight roots, each with six orders."""
import itertools

import numpy as np

CHARS = "abcdefghijkl"
PAD, SPACE = 0, 1


def build():
    groups = ["abc", "def", "ghi", "jkl", "adg", "beh", "cfi", "dgj"]
    forms = ["".join(p) for g in groups for p in itertools.permutations(g)]
    return {form: i for i, form in enumerate(forms)}


LEXICON = build()
N_GLOSSES = len(LEXICON) + 1
START = len(LEXICON)


def phrases(n, words, seed):
    """chars (n, words * 4): word, space, word, ...; word_of (n, words * 4): which word, -1 for spaces; glosses (n, words)"""
    rng = np.random.default_rng(seed)
    forms = list(LEXICON)
    glosses = rng.integers(0, len(forms), (n, words))
    chars = np.full((n, words * 4), SPACE)
    word_of = np.full((n, words * 4), -1)
    for i in range(n):
        for w in range(words):
            chars[i, 4 * w : 4 * w + 3] = [2 + CHARS.index(c) for c in forms[glosses[i, w]]]
            word_of[i, 4 * w : 4 * w + 3] = w
    return chars, word_of, glosses
