"""Call signs and how they are read out on the air."""
import random
import string

PHONETIC = dict(zip(string.ascii_uppercase, """alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima
mike november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu""".split()))
DIGITS = dict(zip(string.digits, "zero one two three four five six seven eight niner".split()))
ENDINGS = {"P": "portable", "M": "mobile"}
PREFIXES = ["G", "F", "I", "K", "N", "W", "SP", "OK", "DL", "LA", "HB", "YO"]

CHARACTERS = ["<pad>", "<s>", "</s>"] + sorted(set(string.ascii_uppercase + string.digits + "/"))
WORDS = ["<pad>", "<s>", "</s>"] + sorted([*PHONETIC.values(), *DIGITS.values(), *ENDINGS.values()])


def call_sign(rng):
    sign = rng.choice(PREFIXES) + rng.choice(string.digits)
    sign += "".join(rng.choices(string.ascii_uppercase, k=rng.randint(1, 2)))
    return sign + rng.choice(["", "", "", "", "/P", "/M"])


def spoken(sign):
    body, _, ending = sign.partition("/")
    words = [PHONETIC.get(c) or DIGITS[c] for c in body]
    return words + ([ENDINGS[ending]] if ending else [])


def pairs(count, seed):
    rng = random.Random(seed)
    return [(sign, spoken(sign)) for sign in (call_sign(rng) for _ in range(count))]


def to_ids(items, table, length):
    lookup = {entry: i for i, entry in enumerate(table)}
    ids = [1, *(lookup[item] for item in items), 2]
    return ids + [0] * (length - len(ids))
