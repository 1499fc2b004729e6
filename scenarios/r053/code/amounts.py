"""Amounts as a clerk says them and as the ledger has them: "two hundred and seven" -> 2 0 7."""
import random

ONES = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
SRC = ["<pad>", "<s>", "</s>", "hundred", "and", *ONES, *TEENS, *TENS]
TGT = ["<pad>", "<s>", "</s>", *"0123456789"]
SRC_ID = {w: i for i, w in enumerate(SRC)}
TGT_ID = {w: i for i, w in enumerate(TGT)}
SRC_LEN, TGT_LEN = 7, 5


def spell(n):
    words = []
    if n >= 100:
        words += [ONES[n // 100], "hundred"]
    rest = n % 100
    if rest or not words:
        if words:
            words.append("and")
        if rest < 10:
            words.append(ONES[rest])
        elif rest < 20:
            words.append(TEENS[rest - 10])
        else:
            words.append(TENS[rest // 10 - 2])
            if rest % 10:
                words.append(ONES[rest % 10])
    return words


def pair(n):
    src = [SRC_ID[w] for w in spell(n)] + [2]
    tgt = [1] + [TGT_ID[d] for d in f"{n:03d}"] + [2]
    return src + [0] * (SRC_LEN - len(src)), tgt


def draw(count, rng):
    """`count` amounts, small and large alike, every 11th held out."""
    out = []
    while len(out) < count:
        n = rng.randrange(1000)
        if n % 11 != 7:
            out.append(n)
    return out


def held_out():
    return list(range(7, 1000, 11))


def rng_of(seed):
    return random.Random(seed)
