import argparse
import csv
import os

import torch

from module import WeldModule
from welds import WeldData


class CsvLogger:
    def __init__(self, folder, fields):
        os.makedirs(folder, exist_ok=True)
        self.stream = open(os.path.join(folder, "metrics.csv"), "w", newline="")
        self.writer = csv.DictWriter(self.stream, fields)
        self.writer.writeheader()

    def log(self, **values):
        self.writer.writerow({name: f"{v:.5g}" if isinstance(v, float) else v for name, v in values.items()})
        self.stream.flush()


class Trainer:
    def __init__(self, epochs, clip, folder):
        self.epochs, self.clip, self.folder = epochs, clip, folder
        self.logger = CsvLogger(folder, ["step", "epoch", "train_loss", "grad_norm", "val_loss", "val_acc"])

    def fit(self, module, data):
        data.prepare()
        train, val = data.train_loader(), data.val_loader()
        optimizer = module.configure_optimizers()
        print(f"  | {'name':<8} | {'type':<18} | params\n  | {'net':<8} | {type(module.net).__name__:<18} | "
              f"{sum(p.numel() for p in module.parameters()) / 1e3:.1f} K")
        print(f"{len(train.dataset)} welds for training, {len(val.dataset)} for validation, {len(train)} batches per epoch")
        step = 0
        for epoch in range(self.epochs):
            module.train()
            for batch in train:
                loss = module.training_step(batch)
                optimizer.zero_grad()
                loss.backward()
                norm = torch.nn.utils.clip_grad_norm_(module.parameters(), self.clip)
                optimizer.step()
                step += 1
                self.logger.log(step=step, epoch=epoch, train_loss=loss.item(), grad_norm=norm.item())
                if step % 10 == 0:
                    print(f"Epoch {epoch}: {step % len(train):>3}/{len(train)} train_loss={loss.item():.3f}")
            module.eval()
            with torch.no_grad():
                results = [module.validation_step(batch) for batch in val]
            means = {key: sum(r[key] for r in results) / len(results) for key in results[0]}
            self.logger.log(step=step, epoch=epoch, **means)
            print(f"Epoch {epoch}: " + " ".join(f"{key}={value:.3f}" for key, value in means.items()))
        torch.save(module.state_dict(), os.path.join(self.folder, "last.ckpt"))


def main():
    parser = argparse.ArgumentParser(description="classes of spot welds from their current")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--optimizer", default="adam")
    parser.add_argument("--pooling", choices=["mean", "max"], default="max")
    parser.add_argument("--clip", type=float, default=1.0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    module = WeldModule(optimizer=args.optimizer, lr=args.lr, pooling=args.pooling)
    Trainer(args.epochs, args.clip, "lightning_logs/version_0").fit(module, WeldData("shifts", args.seed, args.batch_size))


if __name__ == "__main__":
    main()
