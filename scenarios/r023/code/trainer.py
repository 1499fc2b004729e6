import argparse
import json
import os
from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader

from thermo import KINDS, Thermograms
from vit import ViT


@dataclass
class TrainerConfig:
    images: int = 2880
    val_images: int = 160
    epochs: int = 1
    batch_size: int = 48
    loader_procs: int = 2
    prefetch: int = 3
    lr: float = 2e-3
    weight_decay: float = 0.02
    dim: int = 48
    depth: int = 1
    seed: int = 6
    out: str = "runs/pv"


class Trainer:
    def __init__(self, cfg):
        self.cfg = cfg
        torch.manual_seed(cfg.seed)
        self.model = ViT(len(KINDS), dim=cfg.dim, depth=cfg.depth)
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
        self.train_loader = self.loader(Thermograms(cfg.images, cfg.seed), shuffle=True)
        self.val_loader = self.loader(Thermograms(cfg.val_images, cfg.seed + 777), shuffle=False)
        self.step = 0
        os.makedirs(cfg.out, exist_ok=True)
        with open(f"{cfg.out}/config.json", "w") as f:
            json.dump(asdict(cfg), f, indent=2)
        first, _ = self.train_loader.dataset[0]
        print(f"[data] {cfg.images} images {tuple(first.shape)} {first.dtype}, "
              f"{cfg.batch_size * first.numel() * first.element_size() / 2**20:.1f} MiB per batch")
        print(f"[model] {sum(p.numel() for p in self.model.parameters()) / 1e3:.0f}k parameters")

    def loader(self, data, shuffle):
        procs = self.cfg.loader_procs
        return DataLoader(data, self.cfg.batch_size, shuffle=shuffle, num_workers=procs,
                          prefetch_factor=self.cfg.prefetch if procs else None)

    def fit(self):
        for epoch in range(1, self.cfg.epochs + 1):
            self.train_epoch(epoch)
            loss, accuracy = self.validate()
            print(f"[epoch {epoch}] val_loss {loss:.4f} val_acc {accuracy:.4f}")
        torch.save({"model": self.model.state_dict(), "dim": self.cfg.dim, "depth": self.cfg.depth}, f"{self.cfg.out}/last.pt")
        print(f"[done] {self.step} steps")

    def train_epoch(self, epoch):
        self.model.train()
        for images, kinds in self.train_loader:
            loss = nn.functional.cross_entropy(self.model(images.float()), kinds)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            self.step += 1
            if self.step % 5 == 0:
                print(f"[train] epoch {epoch} step {self.step} loss {loss.item():.4f}")

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        losses, hits = [], []
        for images, kinds in self.val_loader:
            logits = self.model(images.float())
            losses.append(nn.functional.cross_entropy(logits, kinds, reduction="none"))
            hits.append(logits.argmax(1) == kinds)
        return torch.cat(losses).mean().item(), torch.cat(hits).float().mean().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name, value in asdict(TrainerConfig()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    Trainer(TrainerConfig(**vars(parser.parse_args()))).fit()
