"""Makes the corpus of prescription shorthand ("2 tab po tid x 5 d") with its plain wording and encodes the training part.

Writes data/train.npz (int ids, zero filled on the right) and data/dev.txt (tab separated).
"""
import argparse
import os

import numpy as np

from tokens import Tokenizer

FORMS = {"tab": "tablet", "cap": "capsule", "gtt": "drop", "puff": "puff", "ml": "millilitre", "supp": "suppository"}
DOSES = {"1": "one", "2": "two", "3": "three", "4": "four", "ss": "half"}
ROUTES = {"po": "by mouth", "sl": "under the tongue", "au": "in both ears", "ou": "in both eyes", "pr": "by rectum",
          "inh": "by inhaler"}
TIMES = {"qd": "once daily", "bid": "twice daily", "tid": "three times daily", "qid": "four times daily",
         "q4h": "every four hours", "q6h": "every six hours", "q8h": "every eight hours", "qhs": "at bedtime",
         "qam": "every morning", "qod": "every other day"}
DAYS = {"3": "three", "5": "five", "7": "seven", "10": "ten", "14": "fourteen"}
EXTRAS = {"pc": "after meals", "ac": "before meals", "prn": "as needed", "": ""}


def pair(rng):
    dose, form, route, time, days, extra = (rng.choice(list(d)) for d in (DOSES, FORMS, ROUTES, TIMES, DAYS, EXTRAS))
    plural = "s" if dose in "234" else ""
    short = f"{dose} {form} {route} {time} x {days} d {extra}"
    plain = f"take {DOSES[dose]} {FORMS[form]}{plural} {ROUTES[route]} {TIMES[time]} for {DAYS[days]} days {EXTRAS[extra]}"
    return short.strip(), plain.strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=3000)
    parser.add_argument("--vocab", default="vocab/terms.txt")
    parser.add_argument("--out", default="data")
    args = parser.parse_args()

    rng = np.random.default_rng(args.seed)
    os.makedirs(args.out, exist_ok=True)
    train, dev = ([pair(rng) for _ in range(count)] for count in (args.pairs, 200))
    with open(f"{args.out}/dev.txt", "w") as f:
        f.writelines(f"{short}\t{plain}\n" for short, plain in dev)

    tokenizer = Tokenizer(args.vocab)
    source, target = (tokenizer.batch(side) for side in zip(*train))
    np.savez(f"{args.out}/train.npz", source=source, target=target)
    unknown = (source == tokenizer.unk).sum() + (target == tokenizer.unk).sum()
    print(f"prepare: {args.pairs} pairs, {len(tokenizer)} terms, "
          f"{(source > 0).sum() + (target > 0).sum()} tokens, {unknown} unknown, longest {target.shape[1]}")


if __name__ == "__main__":
    main()
