"""Learn to pronounce place names.

    python pronounce.py [--steps 200] [--optimizer adam] [--lr 4e-3]
"""
import argparse
import logging
from collections import Counter

import torch

from places import SOUNDS, read_gazetteer, survey
from t5 import SmallT5

logging.basicConfig(filename="pronounce.log", level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
log = logging.getLogger("pronounce")


def letter_ids(names, letters, length=8):
    """0 pads, 1 ends, 2 stands for a letter that is not in the table."""
    ids = torch.zeros(len(names), length, dtype=torch.long)
    for i, name in enumerate(names):
        row = [letters.get(c, 2) for c in name[: length - 1]] + [1]
        ids[i, : len(row)] = torch.tensor(row)
    return ids


def sound_ids(rows, length=8):
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    for i, sounds in enumerate(rows):
        row = [SOUNDS.index(s) + 2 for s in sounds] + [1]
        ids[i, : len(row)] = torch.tensor(row)
    return ids


def describe(title, pairs, letters):
    names = [name for name, _ in pairs]
    total = sum(map(len, names))
    unknown = sum(c not in letters for name in names for c in name)
    print(f"{title}: {len(pairs)} names ({len(set(names))} different), {total} letters, "
          f"{total / len(pairs):.2f} per name, longest {max(map(len, names))}, {unknown} unknown")


def exact(model, source, pairs):
    said = [[SOUNDS[i - 2] for i in (row[: row.index(1)] if 1 in row else row) if i > 1]
            for row in model.eval().speak(source).tolist()]
    return sum(a == b for a, (_, b) in zip(said, pairs)) / len(pairs), said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", type=int, default=2200)
    parser.add_argument("--length", type=int, default=16, help="longest name in letters, with its end mark")
    parser.add_argument("--dim", type=int, default=48)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--optimizer", choices=["adam", "adamw"], default="adam")
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=14)
    a = parser.parse_args()
    torch.manual_seed(a.seed)

    survey("gazetteer.tsv", a.names, a.seed)
    pairs = read_gazetteer("gazetteer.tsv")
    train, test = pairs[:-200], pairs[-200:]
    counts = Counter(c for name, _ in train for c in name)
    letters = {c: i for i, c in enumerate(sorted(counts), start=3)}
    describe("train", train, letters)
    describe("test", test, letters)
    print(f"{len(letters)} letters, most frequent:", ", ".join(f"{c} {n}" for c, n in counts.most_common(8)))
    print(f"{len(SOUNDS)} sounds")

    source = letter_ids([name for name, _ in train], letters, a.length)
    target = sound_ids([sounds for _, sounds in train])
    test_source = letter_ids([name for name, _ in test], letters, a.length)
    model = SmallT5(len(letters) + 3, len(SOUNDS) + 2, a.dim, layers=a.layers)
    optimizers = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    optimizer = optimizers[a.optimizer](model.parameters(), lr=a.lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, a.steps)
    for step in range(1, a.steps + 1):
        model.train()
        rows = torch.randint(len(source), (a.batch,))
        shifted = torch.cat([torch.zeros(a.batch, 1, dtype=torch.long), target[rows, :-1]], 1)
        logits = model(source[rows], shifted)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target[rows].flatten(), ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 10 == 0:
            log.info("step=%d loss=%.4f lr=%.2e", step, loss.item(), schedule.get_last_lr()[0])
        if step % 50 == 0:
            score, _ = exact(model, test_source, test)
            log.info("step=%d test_exact=%.3f", step, score)
            print(f"step {step}: loss {loss.item():.3f}, {score:.1%} of the test names right")
    score, said = exact(model, test_source, test)
    for (name, truth), sounds in list(zip(test, said))[:8]:
        print(f"   {name:12s} {' '.join(truth):14s} said {' '.join(sounds)}")
    torch.save({"letters": letters, "length": a.length, "dim": a.dim, "layers": a.layers, "model": model.state_dict()},
               "pronounce.pt")


if __name__ == "__main__":
    main()
