"""Synthetic stand-in for the night-desk notes (the real ones may not leave the hospital's network).

A note is a handful of telegraphic words. Notes that later led to a call-back use the same words as all the others;
some of them turn up more often, some less.
"""
import numpy as np

LABELS = ["routine", "callback"]
CALLBACK_SHARE = 0.03

WORDS = """patient caller mother father child son daughter slept ate drank walked rested refused asked again later
since yesterday morning evening night fever cough rash pain dizzy pale warm cold tired restless weak numb breath short
fast slow heavy light left right arm chest back head belly leg pills dose missed taken twice advised fluids rest
paracetamol ibuprofen call pharmacy doctor clinic tomorrow week better worse same unsure calm anxious alone home""".split()

OFTEN = "worse pale weak numb breath short chest refused alone fast arm again".split()
SELDOM = "better rested tomorrow pharmacy calm slept walked same light clinic ate advised".split()


def word_weights(label):
    weights = np.ones(len(WORDS))
    if label == 1:
        weights[[WORDS.index(w) for w in OFTEN]] = 3.0
        weights[[WORDS.index(w) for w in SELDOM]] = 0.25
    return weights / weights.sum()


def write_notes(count, seed):
    """(text, label) pairs in the order in which the calls came in."""
    rng = np.random.default_rng(seed)
    tables = [word_weights(0), word_weights(1)]
    rows = []
    for label in (rng.random(count) < CALLBACK_SHARE).astype(int):
        length = rng.integers(8, 14)
        rows.append((" ".join(rng.choice(WORDS, size=length, p=tables[label])), int(label)))
    return rows
