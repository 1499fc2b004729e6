"""Subject lines of letters to a botanical garden's advice desk; five departments answer them."""
import numpy as np

COMMON = "my our the a since last week please help with what about is in and after near two old new small from for".split()
DEPARTMENTS = {
    "trees": "oak beech maple bark crown pruning trunk acorn branch hollow fungus storm roots lime saw".split(),
    "roses": "rose climber blackspot aphid thorn bloom petals rambler hips cutting grafted mildew scent trellis bud".split(),
    "lawn": "lawn moss mower turf clover dandelion scarify seed stripes molehill rake patchy sprinkler edging dry".split(),
    "indoor": "orchid ficus windowsill pot humidity radiator yucca mealybug repotting fern cactus leafdrop dim gnats mist".split(),
    "kitchen": "tomato courgette slug lettuce beans compost blight potato radish rhubarb netting onion pea kale harvest".split(),
}
NAMES = list(DEPARTMENTS)


def subject(rng, keyword):
    """Words of a letter under one of the clerk's 15 keywords, three to a department, five words to a keyword."""
    pool = DEPARTMENTS[NAMES[keyword // 3]]
    first = 5 * (keyword % 3)
    words = list(rng.choice(pool[first:first + 5], rng.integers(3, 5), replace=False)) + list(rng.choice(pool, 1))
    words += list(rng.choice(COMMON, rng.integers(3, 6)))
    if rng.random() < 0.25:
        words.append(rng.choice(DEPARTMENTS[NAMES[rng.integers(5)]]))
    rng.shuffle(words)
    return words


class Vocab:
    pad, cls, sep = range(3)

    def __init__(self):
        words = sorted({*COMMON, *(word for pool in DEPARTMENTS.values() for word in pool)})
        self.words = ["[PAD]", "[CLS]", "[SEP]", *words]
        self.ids = {word: i for i, word in enumerate(self.words)}

    def __call__(self, lines, length=14):
        out = np.zeros((len(lines), length), dtype=np.int64)
        for row, words in zip(out, lines):
            ids = [self.cls, *(self.ids[word] for word in words), self.sep]
            row[:len(ids)] = ids
        return out


def collect(count, seed):
    """(ids (count, 14), keywords (count,)); a department is its keyword divided by three."""
    rng = np.random.default_rng(seed)
    keywords = rng.integers(0, 3 * len(NAMES), count)
    return Vocab()([subject(rng, keyword) for keyword in keywords]), keywords
