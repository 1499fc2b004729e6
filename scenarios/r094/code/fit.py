import csv
import shutil
from pathlib import Path

import torch
import yaml
from torch import nn

from stamps import photos
from vit import ViT


class MarkModule(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.net = ViT(**cfg["model"])
        self.criterion = nn.CrossEntropyLoss(label_smoothing=cfg["optim"]["label_smoothing"])

    def training_step(self, batch):
        images, labels = batch
        return self.criterion(self.net(images), labels)

    def validation_step(self, batch):
        images, labels = batch
        logits = self.net(images)
        return {"val_loss": self.criterion(logits, labels).item(),
                "val_acc": (logits.argmax(1) == labels).float().mean().item()}

    def configure_optimizers(self, steps):
        o = self.cfg["optim"]
        cls = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[o["name"]]
        optimizer = cls(self.parameters(), lr=o["lr"], weight_decay=o["weight_decay"])
        factor = lambda s: min(1.0, (s + 1) / o["warmup"]) * max(0.02, 1 - s / steps)
        return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


class Trainer:
    def __init__(self, epochs, batch, log_every, dir):
        self.epochs, self.batch, self.log_every = epochs, batch, log_every
        self.dir = Path(dir) / "version_0"
        self.dir.mkdir(parents=True, exist_ok=True)

    def fit(self, module, train, val):
        steps = self.epochs * -(-len(train[0]) // self.batch)
        optimizer, scheduler = module.configure_optimizers(steps)
        step = 0
        with open(self.dir / "metrics.csv", "w", newline="") as f:
            table = csv.DictWriter(f, ["epoch", "step", "train_loss", "val_loss", "val_acc", "lr"])
            table.writeheader()
            for epoch in range(self.epochs):
                module.train()
                for rows in torch.randperm(len(train[0])).split(self.batch):
                    loss = module.training_step((train[0][rows], train[1][rows]))
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    scheduler.step()
                    step += 1
                    if step % self.log_every == 0:
                        table.writerow({"epoch": epoch, "step": step, "train_loss": round(loss.item(), 5),
                                        "lr": scheduler.get_last_lr()[0]})
                module.eval()
                with torch.no_grad():
                    result = module.validation_step(val)
                table.writerow({"epoch": epoch, "step": step, **result})
                print(f"Epoch {epoch}: step={step}, train_loss={loss.item():.3f}, "
                      + ", ".join(f"{k}={v:.3f}" for k, v in result.items()))
        torch.save(module.net.state_dict(), self.dir / "last.ckpt")
        print(f"`Trainer.fit` stopped: `max_epochs={self.epochs}` reached.")


if __name__ == "__main__":
    cfg = yaml.safe_load(Path("config.yaml").read_text())
    torch.manual_seed(cfg["seed"])
    data = cfg["data"]
    module = MarkModule(cfg)
    print("  | Name      | Type             | Params\n------------------------------------------")
    for i, (name, part) in enumerate(module.named_children()):
        print(f"{i} | {name:9s} | {type(part).__name__:16s} | {sum(p.numel() for p in part.parameters()) / 1e3:.1f} K")
    trainer = Trainer(**cfg["trainer"])
    shutil.copy("config.yaml", trainer.dir / "hparams.yaml")
    trainer.fit(module, photos(data["train"], data["noise"], cfg["seed"]),
                photos(data["val"], data["noise"], cfg["seed"] + 1))
