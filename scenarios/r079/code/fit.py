import json
import sys
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from dunes import SECTORS, DuneTiles
from ripplemodule import RippleModule


class Trainer:
    """The part of the well-known Trainer that this project needs."""

    def __init__(self, max_epochs, batch_size, gradient_clip, log_every_n_steps, dir):
        self.max_epochs, self.batch_size, self.gradient_clip = max_epochs, batch_size, gradient_clip
        self.log_every_n_steps = log_every_n_steps
        self.dir = Path(dir)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.metrics = open(self.dir / "metrics.jsonl", "w")
        self.global_step = 0

    def log(self, **values):
        row = {k: (float(f"{v:.4g}") if isinstance(v, float) else v) for k, v in values.items()}
        self.metrics.write(json.dumps(row) + "\n")

    def validate(self, module, loader):
        module.eval()
        with torch.no_grad():
            rows = [module.validation_step(batch) for batch in loader]
        module.train()
        return {k: sum(r[k] for r in rows) / len(rows) for k in rows[0]}

    def fit(self, module, train, val):
        train_loader = DataLoader(train, self.batch_size, shuffle=True, drop_last=True)
        val_loader = DataLoader(val, 128)
        config = module.configure_optimizers()
        optimizer, scheduling = config["optimizer"], config["lr_scheduler"]
        params = [p for p in module.parameters() if p.requires_grad]
        print(f"{'trainable params':<18}{sum(p.numel() for p in params):>8}")
        print(f"{'train batches':<18}{len(train_loader):>8}")
        print(f"{'val batches':<18}{len(val_loader):>8}")
        module.train()
        for epoch in range(self.max_epochs):
            for batch in train_loader:
                loss, extra = module.training_step(batch)
                optimizer.zero_grad()
                loss.backward()
                norm = torch.nn.utils.clip_grad_norm_(params, self.gradient_clip)
                optimizer.step()
                self.global_step += 1
                if self.global_step % self.log_every_n_steps == 0:
                    self.log(epoch=epoch, step=self.global_step, train_loss=loss.item(), grad_norm=norm.item(),
                             lr=optimizer.param_groups[0]["lr"], **extra)
                if scheduling["interval"] == "step" and self.global_step % scheduling["frequency"] == 0:
                    scheduling["scheduler"].step()
            if scheduling["interval"] == "epoch" and (epoch + 1) % scheduling["frequency"] == 0:
                scheduling["scheduler"].step()
            scores = self.validate(module, val_loader)
            self.log(epoch=epoch, step=self.global_step, **scores)
            print(f"Epoch {epoch}: val_loss={scores['val_loss']:.3f}, val_acc={scores['val_acc']:.3f}")
        self.metrics.close()
        torch.save({"state_dict": module.state_dict(), "epoch": epoch, "global_step": self.global_step}, self.dir / "last.ckpt")


if __name__ == "__main__":
    config = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "config.json").read_text())
    torch.manual_seed(config["seed"])
    print(f"Seed set to {config['seed']}")
    tiles = config["tiles"]
    train = DuneTiles(tiles["train"], tiles["side"], tiles["grain"], config["seed"])
    val = DuneTiles(tiles["val"], tiles["side"], tiles["grain"], config["seed"] + 1)
    module = RippleModule(len(SECTORS), tiles["side"], config["vit"], config["optimizer"], config["lr_schedule"])
    Trainer(**config["trainer"]).fit(module, train, val)
