"""Station announcements in words and the row of the board that belongs to each."""
import random

PLACES = ("elmswell kirkby saltmarsh overy brandon thorpe wexcombe alderly hatch norcott dunmere fenwick "
          "ashby lower quay peverell stowe marden tilbrook roydon").split()
CODES = {place: f"{place[:2]}{place[-1]}".upper() for place in PLACES}
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
MINUTES = {"sharp": 0, "five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
PARTS = ("morning", "evening")
OPENINGS = ("the {kind} to {place}", "the {place} {kind}", "passengers for {place} the {kind}")
FRAMES = ("{opening} leaves on {day} at {time} from platform {track}",
          "on {day} {opening} goes from platform {track} at {time}",
          "{opening} will leave platform {track} at {time} on {day}")


def _time(rng):
    """Words, hour (0-23) and minute."""
    hour, part, minute = rng.randrange(12), rng.randrange(2), rng.choice(list(MINUTES))
    return f"{NUMBERS[hour - 1]} {minute} in the {PARTS[part]}", hour + 12 * part, MINUTES[minute]


def announcement(rng):
    """(spoken words, words of the board row)."""
    place, day, track = rng.choice(PLACES), rng.choice(DAYS), rng.randrange(12)
    time, hour, minute = _time(rng)
    opening = rng.choice(OPENINGS).format(place=place, kind=rng.choice(("train", "service", "express")))
    said = rng.choice(FRAMES).format(opening=opening, day=day, time=time, track=NUMBERS[track])
    return said.split(), [CODES[place], day[:2], f"h{hour:02d}", f"m{minute:02d}", f"p{track + 1}"]


def announcements(count, seed):
    rng = random.Random(seed)
    return [announcement(rng) for _ in range(count)]


class Words:
    """One table of words for both sides; 0 pads, 1 ends (and, as in T5, 0 also begins the decoder)."""

    def __init__(self, pairs):
        self.words = ["<pad>", "</s>", "<unk>"] + sorted({w for pair in pairs for side in pair for w in side})
        self.ids = {w: i for i, w in enumerate(self.words)}

    def __len__(self):
        return len(self.words)

    def encode(self, words, length):
        ids = [self.ids.get(w, 2) for w in words][: length - 1] + [1]
        return ids + [0] * (length - len(ids))

    def decode(self, ids):
        row = []
        for i in ids:
            if i == 1:
                break
            row.append(self.words[i])
        return row
