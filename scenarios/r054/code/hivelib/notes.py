"""Inspection notes of a beekeepers' club, as typed into the form, and the box that was ticked below them."""
import random

BOXES = ("queenright", "queenless", "preparing to swarm", "short of stores", "mites")

SEEN = {
    "queenright": ["eggs in {n} frames", "saw the queen on frame {n}", "brood in all stages", "fine brood pattern",
                   "queen marked {colour} seen laying", "young larvae in {n} combs", "solid capped brood", "calm and laying well"],
    "queenless": ["no eggs at all", "several eggs in one cell", "they roar when opened", "emergency cells on frame {n}",
                  "drone brood scattered in worker comb", "last brood has hatched", "no queen after two looks", "pollen but no larvae"],
    "preparing to swarm": ["charged cells along the edge of frame {n}", "brood nest full of nectar", "bees hanging in front all day",
                           "no room left in {n} supers", "backfilled and very crowded", "cells with royal jelly", "queen has grown slim"],
    "short of stores": ["hive light when lifted", "no honey in the outer frames", "bees fighting at the door", "fed {n} litres of syrup",
                        "drones thrown out early", "combs quite dry", "nothing coming in for {n} weeks", "gave fondant"],
    "mites": ["{n} on the board per day", "crippled wings in front of the hive", "sugar roll gave {n}", "spotted brood with sunken caps",
              "strips put in", "oxalic acid trickled", "many pupae uncapped", "crawlers in the grass"],
}
ASIDE = ["weather {sky}", "wind from the west", "smoker went out twice", "moved the entrance block", "roof strap replaced",
         "lime in flower", "clover nearly over", "wasps about", "{n} stings", "new gloves", "neighbour looked on",
         "frame {n} propolised", "took a photograph", "scraped the floor", "back in {n} days", "added a super", "rape finished"]
SKY = ("mild", "cool", "hot", "close", "showery")
COLOURS = ("white", "yellow", "red", "green", "blue")


def note(rng, slips):
    """(text, index of the box). One in 1/`slips` has another box ticked than the text is about."""
    box = rng.randrange(len(BOXES))
    seen = rng.choices(SEEN[BOXES[box]], k=rng.randint(1, 2))
    if rng.random() < 0.25:
        seen.append(rng.choice(SEEN[BOXES[rng.randrange(len(BOXES))]]))
        seen += rng.sample(SEEN[BOXES[box]], 2)
    parts = seen + rng.sample(ASIDE, rng.randint(1, 4))
    rng.shuffle(parts)
    text = " . ".join(parts).format(n=rng.randint(2, 9), sky=rng.choice(SKY), colour=rng.choice(COLOURS))
    if rng.random() < slips:
        box = rng.randrange(len(BOXES))
    return text, box


def notes(count, seed, slips=0.0):
    rng = random.Random(seed)
    return [note(rng, slips) for _ in range(count)]


class WordIds:
    def __init__(self, texts=(), words=None):
        self.words = words or ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + sorted({w for t in texts for w in t.split()})
        self.ids = {w: i for i, w in enumerate(self.words)}

    def __call__(self, text, max_length):
        ids = [self.ids.get(w, 1) for w in text.split()][: max_length - 2]
        return [2, *ids, 3]
