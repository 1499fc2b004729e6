import csv
import shutil
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader


class Trainer:
    def __init__(self, model, train_set, val_set, cfg, out_dir):
        self.model = model
        self.epochs = cfg["epochs"]
        generator = torch.Generator().manual_seed(0)
        self.train_loader = DataLoader(train_set, cfg["batch_size"], shuffle=True, drop_last=True, generator=generator)
        self.val_loader = DataLoader(val_set, 256)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=cfg["lr"], momentum=cfg["momentum"],
                                         weight_decay=cfg["weight_decay"])
        self.scheduler = torch.optim.lr_scheduler.MultiStepLR(self.optimizer, cfg["milestones"], gamma=0.1)
        self.out_dir = Path(out_dir)
        self.out_dir.mkdir(parents=True, exist_ok=True)

    def fit(self):
        rows = []
        for epoch in range(1, self.epochs + 1):
            lr = self.optimizer.param_groups[0]["lr"]
            train_loss, train_acc = self._epoch(self.train_loader, train=True)
            with torch.no_grad():
                val_loss, val_acc = self._epoch(self.val_loader, train=False)
            self.scheduler.step()
            rows.append({"epoch": epoch, "lr": f"{lr:g}", "train_loss": f"{train_loss:.5f}",
                         "train_acc": f"{train_acc:.4f}", "val_loss": f"{val_loss:.5f}", "val_acc": f"{val_acc:.4f}"})
            self._write(rows)
        return rows

    def _epoch(self, loader, train):
        self.model.train(train)
        total, correct, loss_sum = 0, 0, 0.0
        for images, labels in loader:
            output = self.model(images)
            loss = self.criterion(output, labels)
            if train:
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            loss_sum += loss.item() * len(labels)
            correct += (output.argmax(1) == labels).sum().item()
            total += len(labels)
        return loss_sum / total, correct / total

    def _write(self, rows):
        with open(self.out_dir / "metrics.csv", "w", newline="") as f:
            writer = csv.DictWriter(f, fieldnames=rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)

    def keep_config(self, path):
        shutil.copy(path, self.out_dir / "config.yaml")
