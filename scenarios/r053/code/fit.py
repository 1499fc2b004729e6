import logging
import math
import os
import sys

import torch
import yaml
from torch import nn

from amounts import draw, held_out, pair, rng_of
from seq2seq import Seq2Seq

logger = logging.getLogger("ledger")


class Fit:
    """One experiment: builds everything from its YAML, trains, validates, keeps the best weights."""

    def __init__(self, conf):
        self.conf = conf
        self.folder = os.path.join("exp", conf["experiment"])
        os.makedirs(self.folder, exist_ok=True)
        self.rng = rng_of(conf["seed"])
        torch.manual_seed(conf["seed"])
        self.model = Seq2Seq(**conf["model"])
        a = conf["adam"]
        self.adam = torch.optim.Adam(self.model.parameters(), lr=a["lr"], betas=tuple(a["betas"]), eps=a["eps"],
                                     weight_decay=a["decay"], decoupled_weight_decay=a["decay"] > 0)
        self.loss = nn.CrossEntropyLoss(ignore_index=0)
        self.best = math.inf

    def batch(self, numbers):
        pairs = [pair(n) for n in numbers]
        return torch.tensor([s for s, _ in pairs]), torch.tensor([t for _, t in pairs])

    def forward_loss(self, src, tgt):
        return self.loss(self.model(src, tgt[:, :-1]).flatten(0, 1), tgt[:, 1:].flatten())

    def run(self):
        n = sum(p.numel() for p in self.model.parameters())
        logger.info("experiment %s: %d parameters, %s", self.conf["experiment"], n, self.adam.__class__.__name__)
        total = 0.0
        for update in range(1, self.conf["updates"] + 1):
            loss = self.forward_loss(*self.batch(draw(self.conf["batch"], self.rng)))
            self.adam.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.conf["clip"])
            self.adam.step()
            total += loss.item()
            if update % self.conf["valid_every"] == 0:
                self.validate(update, total / self.conf["valid_every"], norm.item())
                total = 0.0

    def validate(self, update, train_loss, norm):
        src, tgt = self.batch(held_out())
        self.model.eval()
        with torch.no_grad():
            loss = self.forward_loss(src, tgt).item()
        exact = (self.model.decode(src) == tgt).all(1).float().mean().item()
        self.model.train()
        logger.info("update %d | train %.4f | valid %.4f | exact %.2f | gnorm %.3f", update, train_loss, loss, exact, norm)
        if loss < self.best:
            self.best = loss
            torch.save({"model": self.conf["model"], "weights": self.model.state_dict()}, os.path.join(self.folder, "best.pt"))


if __name__ == "__main__":
    with open(sys.argv[1]) as f:
        conf = yaml.safe_load(f)
    logging.basicConfig(level=logging.INFO, format="%(name)s %(levelname).1s %(message)s")
    logger.info("%s", conf)
    Fit(conf).run()
