import argparse
import csv
import random
import resource

import numpy as np
import torch
from torch.utils.data import DataLoader

from module import RemarkMLM
from remarks import VOCAB_SIZE, Remarks


def resident_mib():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize() / 2**20


class Fitter:
    """The part of a training framework that this project needs."""

    def __init__(self, max_epochs, log_every, sanity_batches=2):
        self.max_epochs, self.log_every, self.sanity_batches = max_epochs, log_every, sanity_batches
        self.global_step = 0
        self.table = csv.writer(open("metrics.csv", "w", newline="", buffering=1))
        self.table.writerow(["epoch", "step", "train_loss", "rss_mib", "val_loss", "val_ppl"])

    def fit(self, module, train, val):
        optimizer = module.configure_optimizers()
        print(f"Sanity checking: {self.sanity_batches} batches")
        self.validate(module, val, self.sanity_batches)
        for epoch in range(self.max_epochs):
            module.train()
            for k, batch in enumerate(train, 1):
                loss = module.training_step(batch)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                self.global_step += 1
                if self.global_step % self.log_every == 0:
                    self.table.writerow([epoch, self.global_step, f"{loss.item():.4f}", f"{resident_mib():.0f}", "", ""])
                    print(f"Epoch {epoch}: {k}/{len(train)} step={self.global_step} train_loss={loss.item():.3f}")
            print(f"Epoch {epoch}: validating on {len(val.dataset)} remarks")
            metrics = self.validate(module, val)
            self.table.writerow([epoch, self.global_step, "", f"{resident_mib():.0f}", *(f"{v:.4f}" for v in metrics.values())])
            print(f"Epoch {epoch}: " + " ".join(f"{k}={v:.3f}" for k, v in metrics.items()))
        torch.save({"state_dict": module.state_dict(), "hparams": module.hparams}, "last.ckpt")
        print(f"`Fitter.fit` stopped: `max_epochs={self.max_epochs}` reached.")

    @torch.no_grad()
    def validate(self, module, loader, limit=None):
        module.eval()
        for k, batch in enumerate(loader):
            if k == limit:
                break
            module.validation_step(batch)
        return module.on_validation_epoch_end()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--remarks", type=int, default=1440)
    p.add_argument("--val-remarks", type=int, default=2800)
    p.add_argument("--batch-size", type=int, default=24)
    p.add_argument("--val-batch-size", type=int, default=50)
    p.add_argument("--max-epochs", type=int, default=2)
    p.add_argument("--dim", type=int, default=48)
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--seed", type=int, default=14)
    a = p.parse_args()
    random.seed(a.seed)
    np.random.seed(a.seed)
    torch.manual_seed(a.seed)
    print(f"Seed set to {a.seed}")
    train = DataLoader(Remarks(a.remarks, a.seed), a.batch_size, shuffle=True, drop_last=True)
    val = DataLoader(Remarks(a.val_remarks, a.seed + 5000), a.val_batch_size)
    module = RemarkMLM(a.dim, a.layers, lr=a.lr)
    print(f"{sum(q.numel() for q in module.parameters()) / 1e3:.1f} K  Trainable params   vocabulary {VOCAB_SIZE}")
    Fitter(a.max_epochs, log_every=10).fit(module, train, val)


if __name__ == "__main__":
    main()
