import json
import logging
import sys
from pathlib import Path

import torch
import yaml
from torch.nn import functional as F

from baskets import Catalogue, encode
from bert import BasketBert

log = logging.getLogger("baskets")


def make_optimizer(model, cfg):
    if cfg["optimizer"] == "adamw":
        return torch.optim.AdamW(model.parameters(), lr=cfg["lr"], weight_decay=cfg["weight_decay"])
    if cfg["optimizer"] == "adam":
        return torch.optim.Adam(model.parameters(), lr=cfg["lr"])
    return torch.optim.SGD(model.parameters(), lr=cfg["lr"])


class Trainer:
    def __init__(self, cfg, out):
        self.cfg, self.out = cfg, out
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.generator = torch.Generator().manual_seed(cfg["seed"])
        torch.manual_seed(cfg["seed"])
        data = cfg["data"]
        self.catalogue = Catalogue(data, self.generator)
        self.train_set = self._dataset(data["baskets"])
        self.val_set = self._dataset(400)
        self.model = BasketBert(**cfg["model"]).to(self.device)
        self.optimizer = make_optimizer(self.model, cfg["train"])
        warmup = cfg["train"]["warmup"]
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda s: min(1.0, (s + 1) / warmup))
        self.step = 0

    def _dataset(self, n):
        codes, shop = self.catalogue.draw(n, self.cfg["data"]["basket_len"], self.generator)
        return encode(codes, self.cfg["model"]["rows"]), shop

    def batches(self, dataset, shuffle):
        ids, shop = dataset
        size = self.cfg["train"]["batch_size"]
        order = torch.randperm(len(ids), generator=self.generator) if shuffle else torch.arange(len(ids))
        for part in order.split(size):
            yield ids[part].to(self.device), shop[part].to(self.device)

    def fit(self):
        for epoch in range(1, self.cfg["train"]["epochs"] + 1):
            self.model.train()
            for ids, shop in self.batches(self.train_set, shuffle=True):
                loss = F.cross_entropy(self.model(ids), shop)
                self.optimizer.zero_grad()
                loss.backward()
                norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg["train"]["max_grad_norm"])
                self.step += 1
                if self.step == 1 or self.step % self.cfg["train"]["log_every"] == 0:
                    log.info("epoch %d step %d loss %.4f grad_norm %.3f lr %.2e", epoch, self.step, loss, norm,
                             self.schedule.get_last_lr()[0])
                self.optimizer.step()
                self.schedule.step()
            log.info("epoch %d done, validation accuracy %.4f", epoch, self.accuracy())
            torch.save(self.model.state_dict(), self.out / "model.pt")

    @torch.no_grad()
    def accuracy(self):
        self.model.eval()
        right = [(self.model(ids).argmax(-1) == shop).float().mean().item() for ids, shop in self.batches(self.val_set, False)]
        return sum(right) / len(right)


def main():
    cfg = yaml.safe_load(Path(sys.argv[1]).read_text())
    out = Path("runs") / cfg["run_name"]
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(cfg, indent=1))
    handlers = [logging.StreamHandler(sys.stdout), logging.FileHandler(out / "log.txt")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s | %(message)s", handlers=handlers)
    trainer = Trainer(cfg, out)
    if trainer.device.type == "cuda":
        free, total = torch.cuda.mem_get_info()
        log.info("device %s, %.1f of %.1f MiB free after loading", torch.cuda.get_device_name(), free / 2**20, total / 2**20)
    log.info("%d parameters, %d training baskets", sum(p.numel() for p in trainer.model.parameters()), len(trainer.train_set[1]))
    trainer.fit()


if __name__ == "__main__":
    main()
