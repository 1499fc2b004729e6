import argparse
import json
import logging
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
import torch.nn.functional as F

from encoder import DistilEncoder
from tickets import CREWS, WordIds, quarter


@dataclass
class Config:
    seed: int = 14
    quarters: int = 4
    tickets: int = 1440
    batch_size: int = 16
    lr: float = 1e-3
    weight_decay: float = 0.01
    optimizer: str = "adamw"
    warmup: int = 20
    vocab_size: int = 3584
    max_length: int = 16
    dim: int = 48
    n_heads: int = 4
    n_layers: int = 2
    dropout: float = 0.1
    log_every: int = 10

    @classmethod
    def from_command_line(cls):
        parser = argparse.ArgumentParser()
        for field in fields(cls):
            parser.add_argument("--" + field.name.replace("_", "-"), type=type(field.default), default=field.default)
        return cls(**vars(parser.parse_args()))


def file_logger(path):
    path.parent.mkdir(exist_ok=True)
    handler = logging.FileHandler(path, mode="w")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
    log = logging.getLogger("finetune")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    return log


class Run:
    def __init__(self, cfg, log):
        self.cfg, self.log = cfg, log
        self.words = WordIds()
        self.model = DistilEncoder(cfg, len(CREWS))
        kind = torch.optim.AdamW if cfg.optimizer == "adamw" else torch.optim.Adam
        self.optimizer = kind(self.model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda n: min(1.0, (n + 1) / cfg.warmup))
        self.step = 0

    def tensors(self, batch):
        ids = torch.tensor([self.words.encode(text, self.cfg.max_length) for text, _ in batch])
        return ids, torch.tensor([crew for _, crew in batch])

    def train_quarter(self, number):
        cfg = self.cfg
        archive = quarter(cfg.tickets, 1000 * cfg.seed + number)
        batches = [archive[i : i + cfg.batch_size] for i in range(0, len(archive), cfg.batch_size)]
        self.model.train()
        for position, batch in enumerate(batches, 1):
            ids, crews = self.tensors(batch)
            loss = F.cross_entropy(self.model(ids), crews)
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.step += 1
            if self.step % cfg.log_every == 0:
                self.log.info("epoch %d [%3d/%d] step %d loss %.4f", number, position, len(batches), self.step, loss.item())

    @torch.no_grad()
    def held_out(self, number):
        self.model.eval()
        archive = quarter(200, 1000 * self.cfg.seed + 900 + number)
        ids = torch.tensor([self.words.encode_known(text, self.cfg.max_length) for text, _ in archive])
        hits = self.model(ids).argmax(1) == torch.tensor([crew for _, crew in archive])
        self.log.info("epoch %d done, held-out accuracy %.3f", number, hits.float().mean().item())

    def save(self):
        torch.save({"config": asdict(self.cfg), "words": self.words.ids, "model": self.model.state_dict()}, "crew.pt")


def main():
    cfg = Config.from_command_line()
    torch.manual_seed(cfg.seed)
    log = file_logger(Path("logs/finetune.log"))
    log.info("config %s", json.dumps(asdict(cfg)))
    run = Run(cfg, log)
    log.info("trainable parameters %d", sum(p.numel() for p in run.model.parameters()))
    for number in range(1, cfg.quarters + 1):
        run.train_quarter(number)
        run.held_out(number)
        run.save()


if __name__ == "__main__":
    main()
