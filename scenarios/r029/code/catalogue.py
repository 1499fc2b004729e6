"""Card catalogue of a small archive: the text on a card -> its shelf mark (section, then decade)."""
import json
import random

SECTIONS = ["maps", "parish", "trade", "letters", "court", "school"]
DECADES = ["1780s", "1790s", "1800s", "1810s", "1820s"]
WORDS = 400
SPECIALS = ["<pad>", "</s>", "<mark>"] + SECTIONS + DECADES
PAD, EOS, START = 0, 1, 2


def _clues(rng):
    """Which words hint at which section or decade."""
    words = list(range(len(SPECIALS), len(SPECIALS) + WORDS))
    rng.shuffle(words)
    marks = list(range(3, len(SPECIALS)))
    return {m: words[i * 20:(i + 1) * 20] for i, m in enumerate(marks)}, words[len(marks) * 20:]


def write_cards(path, n, seed, start=0):
    """One card per line; one card of the training part is a whole register."""
    clue_words, plain = _clues(random.Random(1850))
    rng = random.Random(seed)
    register = rng.randrange(n)
    with open(path, "w") as f:
        for i in range(n):
            section = 3 + rng.randrange(len(SECTIONS))
            decade = 3 + len(SECTIONS) + rng.randrange(len(DECADES))
            length = 640 if i == register and not start else rng.randint(14, 38)
            text = [rng.choice(clue_words[section]) if rng.random() < 0.25 else
                    rng.choice(clue_words[decade]) if rng.random() < 0.3 else rng.choice(plain) for _ in range(length)]
            f.write(json.dumps({"card": start + i, "text": text, "mark": [section, decade, EOS]}) + "\n")


def read_cards(path, max_tokens=None):
    cards = [json.loads(line) for line in open(path)]
    return [(c["text"][:max_tokens], c["mark"]) for c in cards]
