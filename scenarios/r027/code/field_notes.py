"""Field notes of a botanical survey, reduced to keyword lists. Every habitat has its own words; names are shortened."""
import random

HABITATS = ["bog", "dune", "scree", "meadow", "alder carr", "heath"]
PER_HABITAT = 20
_names = random.Random(1897)
_syllables = [c + v for c in "bcdfghlmnprstv" for v in "aeiou"]
KEYWORDS = [["".join(_names.sample(_syllables, 3)) for _ in range(PER_HABITAT)] for _ in HABITATS]
GENERAL = "seen few many near path north south slope damp dry site plot flower leaf".split()
WORDS = ["[PAD]", "[CLS]", "[SEP]", "[MASK]"] + GENERAL + [w for group in KEYWORDS for w in group]
INDEX = {w: i for i, w in enumerate(WORDS)}
PAD, CLS, SEP, MASK = range(4)
LENGTH = 12


def note(habitat, rng, known=PER_HABITAT):
    words = rng.sample(KEYWORDS[habitat][:known], 5) + rng.sample(GENERAL, 3)
    if rng.random() < 0.5:
        words[0] = rng.choice(rng.choice(KEYWORDS))
    rng.shuffle(words)
    ids = [CLS] + [INDEX[w] for w in words] + [SEP]
    return ids + [PAD] * (LENGTH - len(ids))


def unlabelled(n, seed):
    rng = random.Random(seed)
    return [note(rng.randrange(len(HABITATS)), rng) for _ in range(n)]


def labelled(n, seed, known=PER_HABITAT):
    """`known`: how many of a habitat's words occur in this part of the survey"""
    rng = random.Random(seed)
    habitats = [i % len(HABITATS) for i in range(n)]
    return [note(h, rng, known) for h in habitats], habitats
