import csv
import json
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from seedlings import SPECIES, Augment


class SeedlingNet(nn.Module):
    def __init__(self, width=12, dropout=0.4, classes=len(SPECIES)):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, width, 5, stride=2, padding=2), nn.BatchNorm2d(width), nn.ReLU())
        self.body = nn.Sequential(nn.Conv2d(width, 2 * width, 3, padding=1), nn.BatchNorm2d(2 * width), nn.ReLU(),
                                  nn.MaxPool2d(2))
        self.top = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(2 * width * 25, 48), nn.ReLU(), nn.Dropout(dropout),
                                 nn.Linear(48, classes))

    def forward(self, x):
        return self.top(self.body(self.stem(x)))


class Trainer:
    def __init__(self, config, train, val):
        self.config = config
        self.train_x, self.train_y = train
        self.val_x, self.val_y = val
        self.net = SeedlingNet(config["width"], config["dropout"])
        self.augment = Augment(**config["augment"])
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=config["lr"], weight_decay=config["weight_decay"])
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, config["epochs"])
        self.dir = Path("results") / config["name"]
        self.dir.mkdir(parents=True, exist_ok=True)
        (self.dir / "config.json").write_text(json.dumps(config, indent=2))

    def train_epoch(self, label):
        self.net.train()
        seen, loss_sum, right = 0, 0.0, 0
        for rows in tqdm(torch.randperm(len(self.train_x)).split(self.config["batch_size"]), desc=label, ncols=70, mininterval=30):
            x, y = self.augment(self.train_x[rows]), self.train_y[rows]
            logits = self.net(x)
            loss = nn.functional.cross_entropy(logits, y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            seen += len(rows)
            loss_sum += loss.item() * len(rows)
            right += (logits.argmax(1) == y).sum().item()
        return loss_sum / seen, right / seen

    @torch.no_grad()
    def evaluate(self):
        self.net.eval()
        logits = self.net(self.val_x)
        return nn.functional.cross_entropy(logits, self.val_y).item(), (logits.argmax(1) == self.val_y).float().mean().item()

    def fit(self):
        best = 0.0
        with open(self.dir / "metrics.csv", "w", newline="") as f:
            table = csv.writer(f)
            table.writerow(["epoch", "lr", "train_loss", "train_acc", "val_loss", "val_acc"])
            for epoch in range(1, self.config["epochs"] + 1):
                lr = self.scheduler.get_last_lr()[0]
                train_loss, train_acc = self.train_epoch(f"epoch {epoch}")
                val_loss, val_acc = self.evaluate()
                self.scheduler.step()
                table.writerow([epoch, f"{lr:.2e}"] + [f"{v:.4f}" for v in (train_loss, train_acc, val_loss, val_acc)])
                print(f"epoch {epoch:2d}: train {train_loss:.4f} / {train_acc:.3f}   val {val_loss:.4f} / {val_acc:.3f}")
                if val_acc >= best:
                    best = val_acc
                    torch.save(self.net.state_dict(), self.dir / "best.pt")
        print(f"best val accuracy {best:.3f}, weights in {self.dir}/best.pt")
