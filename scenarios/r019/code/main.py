import csv
from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from module import Decipher, Hparams
from telegrams import Telegrams


class Runner:
    def __init__(self, max_epochs, log_every, root):
        self.max_epochs, self.log_every = max_epochs, log_every
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.root = Path(root)
        self.root.mkdir(exist_ok=True)
        self.rows = []

    def move(self, batch):
        return [t.to(self.device, non_blocking=True) for t in batch]

    def memory(self):
        return f"{torch.cuda.max_memory_allocated() / 2**20:.1f} MiB peak" if self.device.type == "cuda" else "cpu"

    def fit(self, module, train, val):
        module.to(self.device)
        optimizer = module.configure_optimizers()
        step = 0
        for epoch in range(self.max_epochs):
            module.train()
            for i, batch in enumerate(train):
                loss = module.training_step(self.move(batch), i)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
                if step % self.log_every == 0:
                    print(f"Epoch {epoch}: {i + 1}/{len(train)} step={step} train_loss={module.logged['train_loss']:.4f} [{self.memory()}]")
            print(f"Epoch {epoch}: validating on {len(val.dataset)} telegrams")
            self.validate(module, val)
            self.save(module, epoch, step)

    def validate(self, module, val):
        module.eval()
        module.on_validation_start()
        for i, batch in enumerate(val):
            module.validation_step(self.move(batch), i)
        module.on_validation_end()

    def save(self, module, epoch, step):
        self.rows.append({"epoch": epoch, "step": step, **{k: round(v, 5) for k, v in module.logged.items()}})
        print("  " + "  ".join(f"{k}={v}" for k, v in self.rows[-1].items()))
        with open(self.root / "metrics.csv", "w", newline="") as f:
            writer = csv.DictWriter(f, self.rows[-1].keys())
            writer.writeheader()
            writer.writerows(self.rows)
        torch.save({"hparams": vars(module.hparams), "state_dict": module.state_dict()}, self.root / "last.ckpt")


def main():
    parser = ArgumentParser()
    for f in fields(Hparams):
        parser.add_argument(f"--{f.name}", type=f.type, default=f.default)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--max_epochs", type=int, default=4)
    parser.add_argument("--telegrams", type=int, default=1600)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    module = Decipher(Hparams(**{f.name: getattr(args, f.name) for f in fields(Hparams)}))
    train = DataLoader(Telegrams(args.telegrams, 10 * args.seed + 1), args.batch_size, shuffle=True, drop_last=True, pin_memory=True)
    val = DataLoader(Telegrams(800, 10 * args.seed + 2), args.batch_size, pin_memory=True)
    print(f"{sum(p.numel() for p in module.parameters()) / 1e3:.1f} K trainable parameters")
    print(f"train {len(train.dataset)} telegrams in {len(train)} batches, val {len(val.dataset)} in {len(val)}")
    Runner(args.max_epochs, 10, "logs").fit(module, train, val)


if __name__ == "__main__":
    main()
