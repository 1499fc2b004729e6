import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.nn import functional as F

from moths import SPECIES, wings
from vit import ViT

logger = logging.getLogger(__name__)


@dataclass
class Config:
    seed: int = 2
    images: int = 900
    steps: int = 64
    batch_size: int = 8
    dim: int = 192
    depth: int = 2
    optimizer: str = "adamw"
    lr: float = 6e-4
    weight_decay: float = 0.02
    warmup: int = 10
    ema_decay: float = 0.9
    ema_from: int = 36      # averaging earlier only blurs the start
    log_every: int = 5
    out: str = "run0"


class HalfTrainer:
    """bfloat16 weights compute, float32 weights are updated, their running average is what gets evaluated."""

    def __init__(self, cfg):
        self.cfg = cfg
        torch.manual_seed(cfg.seed)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.images, self.labels = wings(cfg.images, cfg.seed)
        self.val = wings(200, cfg.seed + 50_000)
        self.model = ViT(len(SPECIES), dim=cfg.dim, depth=cfg.depth).to(self.device)
        self.master = [p.detach().clone().requires_grad_() for p in self.model.parameters()]
        self.model.to(torch.bfloat16)
        kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[cfg.optimizer]
        self.optimizer = kind(self.master, lr=cfg.lr, weight_decay=cfg.weight_decay)
        self.ema = None
        self.step = 0
        self.out = Path(cfg.out)
        self.out.mkdir(exist_ok=True)
        (self.out / "config.json").write_text(json.dumps(asdict(cfg), indent=2))
        weights = sum(p.numel() for p in self.master)
        logger.info("%s, %d weights (%.2f MiB in float32), %d images", self.device, weights, weights * 4 / 2**20, cfg.images)

    def batch(self):
        pick = torch.randint(len(self.images), (self.cfg.batch_size,))
        return self.images[pick].to(self.device, torch.bfloat16), self.labels[pick].to(self.device)

    def train_step(self):
        images, labels = self.batch()
        loss = F.cross_entropy(self.model(images).float(), labels)
        loss.backward()
        for p, m in zip(self.model.parameters(), self.master):
            m.grad, p.grad = p.grad.float(), None
        for group in self.optimizer.param_groups:
            group["lr"] = self.cfg.lr * min(1.0, (self.step + 1) / self.cfg.warmup)
        self.optimizer.step()
        with torch.no_grad():
            for p, m in zip(self.model.parameters(), self.master):
                p.copy_(m)
        self.step += 1
        self.update_ema()
        return loss.item()

    @torch.no_grad()
    def update_ema(self):
        if self.step < self.cfg.ema_from:
            return
        if self.ema is None:
            self.ema = [m.detach().clone() for m in self.master]
        for average, m in zip(self.ema, self.master):
            average.lerp_(m, 1 - self.cfg.ema_decay)

    def fit(self):
        for _ in range(self.cfg.steps):
            loss = self.train_step()
            if self.step % self.cfg.log_every == 0:
                logger.info("step %d/%d loss %.4f", self.step, self.cfg.steps, loss)
        self.save()
        logger.info("validation accuracy of the averaged weights %.3f", self.evaluate())

    @torch.no_grad()
    def evaluate(self):
        for p, average in zip(self.model.parameters(), self.ema):
            p.copy_(average)
        self.model.eval()
        images, labels = self.val
        guesses = [self.model(part.to(self.device, torch.bfloat16)).argmax(-1).cpu() for part in images.split(50)]
        return (torch.cat(guesses) == labels).float().mean().item()

    def save(self):
        names = [name for name, _ in self.model.named_parameters()]
        torch.save(dict(zip(names, (average.cpu() for average in self.ema))), self.out / "ema.pt")
