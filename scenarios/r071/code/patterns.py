"""Crochet patterns as token streams. A repeat is written once, its count after the star, and rows keep their number."""
import random

STITCHES = ["sc", "hdc", "dc", "tr", "inc", "dec", "ch"]
YARNS = {"cotton": ["sc", "inc", "dec"], "wool": ["hdc", "dc", "tr"], "mohair": ["dc", "ch", "tr"]}
NUMBERS = [str(i) for i in range(1, 10)]
TOKENS = ["<pad>", "yarn", "row", ":", ",", "(", ")", "*", "turn", "end", *YARNS, *STITCHES, *NUMBERS]
INDEX = {t: i for i, t in enumerate(TOKENS)}


def pattern(rng):
    yarn = rng.choice(list(YARNS))
    words = ["yarn", yarn]
    first = rng.choice(NUMBERS[:5])
    for row in range(1, rng.randint(3, 5)):
        words += ["row", str(row), ":"]
        # work goes to and fro: odd rows start with a count, even rows with a repeat
        if row % 2:
            words += [first, YARNS[yarn][0], ",", rng.choice(NUMBERS), YARNS[yarn][1], "turn"]
        else:
            words += ["(", first, YARNS[yarn][2], ")", "*", rng.choice(NUMBERS), "turn"]
    return words + ["end"]


def stream(tokens, rng):
    """A list of `tokens` token ids, patterns one after the other."""
    ids = []
    while len(ids) < tokens:
        ids += [INDEX[w] for w in pattern(rng)]
    return ids[:tokens]


def book(seed, tokens):
    return stream(tokens, random.Random(seed))
