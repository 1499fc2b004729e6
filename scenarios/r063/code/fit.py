import argparse
import csv
import os
import sys

import torch
from torch.utils.data import DataLoader

from lit_menu import LitMenu
from menu import MenuDataset


class Trainer:
    """The few parts of a well-known trainer that this project needs."""

    def __init__(self, max_epochs, default_root_dir="lightning_logs"):
        self.max_epochs, self.root = max_epochs, default_root_dir
        self.device = torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
        os.makedirs(self.root, exist_ok=True)
        self.table = []

    def to_device(self, batch):
        return {k: v.to(self.device) for k, v in batch.items()}

    def progress(self, epoch, i, n, loss):
        if (i + 1) % 12 == 0 or i + 1 == n:
            done = 20 * (i + 1) // n
            sys.stderr.write(f"\rEpoch {epoch}: {100 * (i + 1) // n:3d}%|{'#' * done:<20}| {i + 1}/{n} [loss={loss:.3f}]")
            sys.stderr.flush()

    def fit(self, model, train, val):
        model.to(self.device)
        optimizer = model.configure_optimizers()
        global_step = 0
        for epoch in range(self.max_epochs):
            model.train()
            for i, batch in enumerate(train):
                loss = model.training_step(self.to_device(batch), i)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                global_step += 1
                self.progress(epoch, i, len(train), loss.item())
            row = {"epoch": epoch, "step": global_step, **model.on_train_epoch_end()}
            model.eval()
            with torch.no_grad():
                for i, batch in enumerate(val):
                    model.validation_step(self.to_device(batch), i)
            row.update(model.on_validation_epoch_end())
            if self.device.type == "cuda":
                row["gpu/allocated_mb"] = torch.cuda.memory_allocated() / 1e6
            self.log(row)
            torch.save({"hparams": model.hparams, "state_dict": model.state_dict()}, os.path.join(self.root, "last.ckpt"))
        sys.stderr.write("\n`Trainer.fit` stopped: `max_epochs` reached.\n")

    def log(self, row):
        self.table.append({k: f"{v:.4f}" if isinstance(v, float) else v for k, v in row.items()})
        with open(os.path.join(self.root, "metrics.csv"), "w", newline="") as f:
            w = csv.DictWriter(f, fieldnames=list(row))
            w.writeheader()
            w.writerows(self.table)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--max-epochs", type=int, default=6)
    ap.add_argument("--batch-size", type=int, default=32)
    ap.add_argument("--dishes", type=int, default=1152)
    ap.add_argument("--layers", type=int, default=2)
    ap.add_argument("--lr", type=float, default=4e-3)
    ap.add_argument("--optimizer", default="adamw")
    ap.add_argument("--seed", type=int, default=17)
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    train = DataLoader(MenuDataset(args.dishes, args.seed), batch_size=args.batch_size, shuffle=True)
    val = DataLoader(MenuDataset(256, args.seed + 1000), batch_size=64)
    model = LitMenu(layers=args.layers, lr=args.lr, optimizer=args.optimizer)
    trainer = Trainer(args.max_epochs)
    print(f"GPU available: {torch.cuda.is_available()}, used: {trainer.device.type == 'cuda'}")
    print(f"\n  | Name           | Params\n{'-' * 30}")
    for i, (name, child) in enumerate(model.named_children()):
        print(f"{i} | {name:<14} | {sum(p.numel() for p in child.parameters()) / 1e3:.1f} K")
    trainer.fit(model, train, val)
