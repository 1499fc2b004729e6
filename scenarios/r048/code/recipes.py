"""Recipe steps in kitchen prose, and the piece vocabulary shared by all of the group's models (4096 pieces)."""
import random

THINGS = ["onions", "leeks", "carrots", "lentils", "beans", "rice", "barley", "mushrooms", "apples", "pears", "plums",
          "potatoes", "tomatoes", "cabbage", "spinach", "fennel"]
CUTS = ["finely", "roughly", "thinly", "evenly"]
VERBS = ["chop", "slice", "dice", "grate"]
VESSELS = ["pan", "pot", "bowl", "tin", "casserole"]
FATS = ["butter", "oil", "lard", "ghee"]
HEAT = ["low", "medium", "high"]
SPICES = ["salt", "pepper", "thyme", "cumin", "nutmeg", "paprika", "dill"]


def step(rng):
    a, b = rng.sample(THINGS, 2)
    return rng.choice([
        f"{rng.choice(VERBS)} the {a} {rng.choice(CUTS)} and set them aside .",
        f"melt the {rng.choice(FATS)} in a {rng.choice(VESSELS)} over {rng.choice(HEAT)} heat .",
        f"add the {a} and the {b} and stir for {rng.choice(['two', 'five', 'ten'])} minutes .",
        f"season with {rng.choice(SPICES)} and {rng.choice(SPICES)} to taste .",
        f"cover the {rng.choice(VESSELS)} and simmer over {rng.choice(HEAT)} heat until the {a} are tender .",
    ])


class Pieces:
    """Ids as in the shared piece file, where kitchen words lie scattered among all the others."""

    def __init__(self, size=4096, seed=1912):
        words = sorted({*" ".join(THINGS + CUTS + VERBS + VESSELS + FATS + HEAT + SPICES).split(),
                        *("the them aside and set melt in a over heat add stir for minutes season with to taste cover "
                          "simmer until are tender two five ten .").split()})
        places = random.Random(seed).sample(range(1, size), len(words))
        self.size, self.ids = size, dict(zip(words, places))

    def encode(self, text):
        return [self.ids[word] for word in text.split()]
