"""Recipe steps from a small grammar; a stand-in for the scanned cards."""
import random

VERBS = {
    "chop": "vegetable", "dice": "vegetable", "peel": "vegetable", "whisk": "liquid", "pour": "liquid", "simmer": "liquid",
    "knead": "dough", "roll": "dough", "bake": "dough", "sprinkle": "spice", "grind": "spice", "toast": "spice",
}
NOUNS = {
    "vegetable": "carrot leek onion celery fennel potato turnip squash beet pepper parsnip radish".split(),
    "liquid": "stock milk cream wine vinegar broth cider juice buttermilk syrup brine sauce".split(),
    "dough": "brioche pastry rye focaccia pretzel bagel scone pie tart dumpling flatbread bun".split(),
    "spice": "cumin paprika nutmeg clove saffron cardamom thyme sage turmeric anise sumac mace".split(),
}
WAY = {"vegetable": "finely coarsely thinly".split(), "liquid": "slowly gently steadily".split(),
       "dough": "firmly evenly flat".split(), "spice": "sparingly lightly freely".split()}
TIME = "two three five ten twenty".split()


def step(rng):
    verb = rng.choice(list(VERBS))
    kind = VERBS[verb]
    words = [verb, "the", rng.choice(NOUNS[kind]), rng.choice(WAY[kind])]
    if rng.random() < 0.5:
        words += ["for", rng.choice(TIME), "minutes"]
    if rng.random() < 0.4:
        words += ["and", "add", "the", rng.choice(NOUNS[kind])]
    return words + ["."]


def text(n_steps, seed):
    rng = random.Random(seed)
    return [word for _ in range(n_steps) for word in step(rng)]


def vocabulary():
    words = {w for group in (*NOUNS.values(), *WAY.values(), TIME, VERBS) for w in group}
    return ["<unk>"] + sorted(words | {"the", "for", "minutes", "and", "add", "."})
