"""Menu lines of a caterer: dish words from a few pantry shelves, written by many hands."""
import random

SHELVES = [
    "cod herring mussel prawn squid tuna anchovy".split(),
    "lamb veal brisket sausage ham duck rabbit".split(),
    "lentil chickpea tofu bean pea tempeh seitan".split(),
    "gruyere feta ricotta brie halloumi cream butter".split(),
    "apple pear quince plum cherry fig apricot".split(),
    "basil sage dill mint thyme chervil sorrel".split(),
    "rice barley couscous noodle bulgur polenta bread".split(),
    "almond hazelnut walnut pecan pistachio sesame cashew".split(),
]
PLAIN = "with and on roasted warm cold fresh our house small plate bowl seasonal daily".split()
WORDS = ["[pad]", "[cls]"] + [w for s in SHELVES for w in s] + PLAIN
INDEX = {w: i for i, w in enumerate(WORDS)}
# what the kitchen sorts by: each course leans on two shelves
COURSES = {"starter": (0, 5), "main": (1, 6), "vegan": (2, 7), "dessert": (4, 3)}
LENGTH = 13


def line(shelves, rng):
    words = [rng.choice(SHELVES[s]) for s in shelves] + rng.sample(PLAIN, rng.randint(3, 5))
    rng.shuffle(words)
    ids = [INDEX["[cls]"]] + [INDEX[w] for w in words]
    return ids + [0] * (LENGTH - len(ids))


def pantry_set(n, seed):
    """Old orders: which shelves a line draws from (multi-hot)."""
    rng = random.Random(seed)
    x, y = [], []
    for _ in range(n):
        shelves = rng.choices(range(8), k=rng.randint(2, 5))
        x.append(line(shelves, rng))
        y.append([float(s in shelves) for s in range(8)])
    return x, y


def course_set(n, seed):
    rng = random.Random(seed)
    x, y = [], []
    for _ in range(n):
        course = rng.randrange(4)
        own = list(COURSES.values())[course]
        x.append(line(rng.choices(own, k=3) + [rng.randrange(8)], rng))
        y.append(course)
    return x, y
