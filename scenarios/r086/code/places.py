"""Place names of a coastal strip and how they are spoken, one "name<TAB>sounds" per line."""
import random
from pathlib import Path

ONSETS = "b d f g k l m n p r s v z".split()
PLAIN = {"a": "A", "e": "E", "i": "I", "o": "O", "u": "U"}
MARKED = {"á": "Q", "à": "W", "é": "X", "è": "Y", "ê": "Z", "í": "J", "ó": "C", "ò": "H", "ô": "&", "ú": "%", "ù": "+"}
SOUNDS = sorted({*ONSETS, *PLAIN.values(), *MARKED.values()})


def place(rng):
    """Two or three syllables; every second name has marked vowels."""
    syllables = rng.choice([2, 2, 3])
    marked = set(rng.sample(range(syllables), rng.choice([1, 2]))) if rng.random() < 0.5 else set()
    name, sounds = "", []
    for i in range(syllables):
        onset = rng.choice(ONSETS)
        vowel = rng.choice(list(MARKED if i in marked else PLAIN))
        name += onset + vowel
        sounds += [onset, MARKED.get(vowel) or PLAIN[vowel]]
    return name, sounds


def survey(path, count, seed):
    """Write the gazetteer as the survey office delivers it."""
    rng = random.Random(seed)
    lines = ["\t".join((name, " ".join(sounds))) for name, sounds in (place(rng) for _ in range(count))]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_gazetteer(path):
    with open(path, encoding="ascii", errors="replace") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines]
    return [(name, sounds.split()) for name, sounds in pairs]
