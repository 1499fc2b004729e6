import argparse
import csv
import random

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

from encoder import DistilClassifier
from messages import CLASSES, watch


class Messages(Dataset):
    def __init__(self, texts, labels, vocab, max_len):
        self.labels = labels
        self.rows = [[vocab["[CLS]"], *[vocab.get(w, vocab["[UNK]"]) for w in t.split()][: max_len - 2], vocab["[SEP]"]] for t in texts]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.rows[i], self.labels[i]


def collate(samples):
    rows, labels = zip(*samples)
    width = max(map(len, rows))
    ids = torch.tensor([r + [0] * (width - len(r)) for r in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows])
    return ids, mask, torch.tensor(labels)


def per_class(confusion):
    """Recall, precision and F1 of each class from a (true, predicted) table."""
    hit = np.diag(confusion)
    recall = hit / confusion.sum(1)
    precision = hit / confusion.sum(0)
    return recall, precision, 2 * recall * precision / (recall + precision)


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    confusion, loss = np.zeros((len(CLASSES), len(CLASSES))), 0.0
    for ids, mask, labels in loader:
        logits = model(ids, mask)
        loss += torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
        np.add.at(confusion, (labels.numpy(), logits.argmax(1).numpy()), 1)
    model.train()
    return loss / confusion.sum(), confusion


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--train_size", type=int, default=6000)
    parser.add_argument("--eval_size", type=int, default=400)
    parser.add_argument("--max_len", type=int, default=18)
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--learning_rate", type=float, default=2e-3)
    parser.add_argument("--weight_decay", type=float, default=0.01)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--steps_per_epoch", type=int, default=50)
    parser.add_argument("--sampler_power", type=float, default=0.75, help="0: as they come, 1: every class equally often")
    parser.add_argument("--seed", type=int, default=40)
    args = parser.parse_args()

    rng = random.Random(args.seed)
    torch.manual_seed(args.seed)
    texts, labels = watch(args.train_size, rng)
    eval_texts, eval_labels = watch(args.eval_size, rng, [0.80, 0.10, 0.05, 0.025, 0.025, 0.0])  # last week's logbook
    words = sorted({w for t in texts for w in t.split()})
    vocab = {w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    counts = np.bincount(labels, minlength=len(CLASSES))
    eval_counts = np.bincount(eval_labels, minlength=len(CLASSES))
    print("class      train   eval")
    for name, a, b in zip(CLASSES, counts, eval_counts):
        print(f"{name:9s} {a:6d} {b:6d}")

    weights = (1.0 / counts[labels]) ** args.sampler_power
    sampler = WeightedRandomSampler(weights, args.steps_per_epoch * args.batch_size)
    loader = DataLoader(Messages(texts, labels, vocab, args.max_len), args.batch_size, sampler=sampler, collate_fn=collate)
    eval_loader = DataLoader(Messages(eval_texts, eval_labels, vocab, args.max_len), 200, collate_fn=collate)

    model = DistilClassifier(len(vocab), len(CLASSES), args.max_len, args.dim)
    optimizer = torch.optim.AdamW(model.parameters(), args.learning_rate, weight_decay=args.weight_decay)
    total = args.epochs * args.steps_per_epoch
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: min((i + 1) / 20, max(0.0, (total - i) / total)))

    with open("eval_results.csv", "w", newline="") as f:
        table = csv.writer(f)
        table.writerow(["epoch", "train_loss", "eval_loss", "accuracy", "macro_f1", *[f"recall_{c}" for c in CLASSES]])
        for epoch in range(1, args.epochs + 1):
            running = []
            for ids, mask, target in loader:
                loss = torch.nn.functional.cross_entropy(model(ids, mask), target)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
                running.append(loss.item())
            eval_loss, confusion = evaluate(model, eval_loader)
            recall, precision, f1 = per_class(confusion)
            accuracy = np.trace(confusion) / confusion.sum()
            table.writerow([epoch, f"{np.mean(running):.4f}", f"{eval_loss:.4f}", f"{accuracy:.4f}", f"{f1.mean():.4f}",
                            *[f"{r:.4f}" for r in recall]])
            print(f"epoch {epoch}  train_loss {np.mean(running):.4f}  eval_loss {eval_loss:.4f}  accuracy {accuracy:.4f}  "
                  f"macro_f1 {f1.mean():.4f}")
            print("   recall " + "  ".join(f"{c} {r:.2f}" for c, r in zip(CLASSES, recall)))
    torch.save({"model": model.state_dict(), "vocab": vocab, "args": vars(args)}, "watch.bin")


if __name__ == "__main__":
    main()
