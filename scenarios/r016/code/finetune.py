"""Tariff chapter from the goods description.

    python finetune.py --out checkpoints --export export
"""
import argparse
import json
import os
from pathlib import Path

import torch
from torch import nn

from bert import BertForChapters
from goods import LABELS, VOCAB, declarations


class Trainer:
    def __init__(self, model, optimizer, train, valid, args):
        self.model, self.optimizer, self.args = model, optimizer, args
        self.train_ids, self.train_labels = train
        self.valid_ids, self.valid_labels = valid
        self.out, self.export = Path(args.out), Path(args.export)
        self.out.mkdir(parents=True, exist_ok=True)
        self.export.mkdir(parents=True, exist_ok=True)
        self.global_step = 0
        self.history = []

    def fit(self):
        for epoch in range(1, self.args.epochs + 1):
            loss = self.one_epoch()
            accuracy = self.evaluate()
            self.history.append({"epoch": epoch, "step": self.global_step, "loss": loss, "eval_accuracy": accuracy})
            print({k: round(v, 4) for k, v in self.history[-1].items()})
            (self.export / "trainer_state.json").write_text(json.dumps(self.history, indent=1))
            self.save(epoch)
        torch.save(self.model.state_dict(), self.export / "model.pt")
        print("Training completed.")

    def one_epoch(self):
        self.model.train()
        total = 0.0
        batches = torch.randperm(len(self.train_ids)).split(self.args.batch_size)
        for rows in batches:
            loss = nn.functional.cross_entropy(self.model(self.train_ids[rows]), self.train_labels[rows])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.global_step += 1
            total += loss.item()
        return total / len(batches)

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        hits = self.model(self.valid_ids).argmax(1) == self.valid_labels
        return hits.float().mean().item()

    def save(self, epoch):
        """Written beside its final name first, so that there is never half a file under that name."""
        state = {"epoch": epoch, "step": self.global_step, "model": self.model.state_dict(),
                 "optimizer": self.optimizer.state_dict(), "rng": torch.get_rng_state()}
        path = self.out / f"epoch-{epoch:03d}.pt"
        with open(path.with_suffix(".tmp"), "wb") as stream:
            torch.save(state, stream)
        os.replace(path.with_suffix(".tmp"), path)
        print(f"saved {path}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="checkpoints")
    parser.add_argument("--export", default="export")
    parser.add_argument("--examples", type=int, default=960)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=48)
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=31)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    train, valid = declarations(args.examples, args.seed), declarations(200, args.seed + 1)
    model = BertForChapters(len(VOCAB), len(LABELS), args.hidden, args.layers)
    print(f"{args.examples} declarations, {len(LABELS)} chapters, vocabulary {len(VOCAB)}")
    print(f"model parameters: {sum(p.numel() for p in model.parameters()):,}")
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    Trainer(model, optimizer, train, valid, args).fit()


if __name__ == "__main__":
    main()
