import json
import logging
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from sections import NAMES, Sections, crops
from vit import ViT

logger = logging.getLogger("thin-sections")


class Trainer:
    def __init__(self, model, config, train_set, val_set):
        self.model, self.config = model, config
        self.train_set, self.val_set = train_set, val_set
        self.train_loader = DataLoader(train_set, config["batch_size"], shuffle=True, drop_last=True)
        self.val_loader = DataLoader(val_set, 256)
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"], weight_decay=config["weight_decay"])
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, config["lr"], epochs=config["epochs"], steps_per_epoch=len(self.train_loader))
        self.best = 0.0

    def train_epoch(self):
        self.model.train()
        losses, right = [], 0
        for images, labels in self.train_loader:
            logits = self.model(images)
            loss = F.cross_entropy(logits, labels, label_smoothing=self.config["label_smoothing"])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.scheduler.step()
            losses.append(loss.item())
            right += (logits.argmax(1) == labels).sum().item()
        return np.mean(losses), right / (len(losses) * self.config["batch_size"])

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        logits, labels = zip(*((self.model(images), labels) for images, labels in self.val_loader))
        logits, labels = torch.cat(logits), torch.cat(labels)
        self.said = logits.argmax(1)
        return F.cross_entropy(logits, labels).item(), (self.said == labels).float().mean().item()

    def fit(self):
        for epoch in range(1, self.config["epochs"] + 1):
            loss, accuracy = self.train_epoch()
            val_loss, val_accuracy = self.validate()
            logger.info("epoch %2d | loss %.4f acc %.3f | val loss %.4f acc %.3f", epoch, loss, accuracy, val_loss, val_accuracy)
            if val_accuracy > self.best or epoch == self.config["epochs"]:
                self.best = max(self.best, val_accuracy)
                self.save()

    def save(self):
        torch.save({"model": self.model.state_dict(), "stats": self.val_set.stats, "config": self.config},
                   os.path.join(self.config["out"], "vit.pt"))


def main(path):
    with open(path) as f:
        config = json.load(f)
    os.makedirs(config["out"], exist_ok=True)
    logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s", stream=sys.stdout)
    torch.manual_seed(config["seed"])
    rng = np.random.default_rng(config["seed"])

    with open(config["stats"]) as f:
        stats = json.load(f)
    train_set = Sections(*crops(config["train_crops"], rng))
    val_set = Sections(*crops(config["val_crops"], rng), stats=stats)
    model = ViT(len(NAMES), **config["model"])
    logger.info("%d + %d crops, %d minerals, %.1fk parameters", len(train_set), len(val_set), len(NAMES),
                sum(p.numel() for p in model.parameters()) / 1e3)

    trainer = Trainer(model, config, train_set, val_set)
    trainer.fit()
    with open(os.path.join(config["out"], "per_mineral.json"), "w") as f:
        json.dump({name: {"crops": int((val_set.labels == k).sum()), "called": int((trainer.said == k).sum()),
                          "right": int(((trainer.said == k) & (val_set.labels == k)).sum())}
                   for k, name in enumerate(NAMES)}, f, indent=1)
    logger.info("best val acc %.3f, model and report in %s", trainer.best, config["out"])


if __name__ == "__main__":
    main(sys.argv[1])
