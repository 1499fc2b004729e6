import dataclasses
import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from tqdm import trange

from notes import WORDS, make_set
from t5 import T5


@dataclasses.dataclass
class RoutingConfig:
    dim: int = 48
    heads: int = 4
    ff: int = 96
    layers: int = 2
    optimizer: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    batch_size: int = 32
    max_steps: int = 400
    eval_every: int = 50
    clip: float = 1.0
    notes: int = 3000
    seed: int = 17
    output_dir: str = "routing_t5"


class RoutingTrainer:
    def __init__(self, cfg):
        self.cfg = cfg
        torch.manual_seed(cfg.seed)
        self.out = pathlib.Path(cfg.output_dir)
        self.out.mkdir(exist_ok=True)
        self.train = make_set(cfg.notes, cfg.seed)
        self.dev = make_set(200, cfg.seed + 300)
        self.model = T5(len(WORDS), cfg.dim, cfg.heads, cfg.ff, cfg.layers)
        print(f"vocabulary {len(WORDS)}, {len(self.train[0])} notes; T5 with {cfg.layers}+{cfg.layers} blocks, d_model {cfg.dim}: "
              f"{self.model_size():,} parameters")
        if cfg.optimizer == "sgd":
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=cfg.lr, momentum=cfg.momentum)
        else:
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=cfg.lr)

    def model_size(self):
        return sum(p.numel() for p in self.model.parameters())

    def evaluate(self):
        self.model.eval()
        source, target = self.dev
        with torch.no_grad():
            loss = F.cross_entropy(self.model(source, target).flatten(0, 1), target.flatten()).item()
        exact = (self.model.generate(source, target.size(1)) == target).all(1).float().mean().item()
        self.model.train()
        return {"eval_loss": round(loss, 4), "eval_exact_match": round(exact, 4)}

    def fit(self):
        log = open(self.out / "trainer_log.jsonl", "w")
        running = 0.0
        for step in trange(1, self.cfg.max_steps + 1, ncols=60, mininterval=20):
            rows = torch.randint(len(self.train[0]), (self.cfg.batch_size,))
            source, target = self.train[0][rows], self.train[1][rows]
            loss = F.cross_entropy(self.model(source, target).flatten(0, 1), target.flatten())
            self.optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg.clip)
            self.optimizer.step()
            running += loss.item()
            if step % self.cfg.eval_every == 0:
                row = {"step": step, "loss": round(running / self.cfg.eval_every, 4), "grad_norm": round(norm.item(), 4), **self.evaluate()}
                log.write(json.dumps(row) + "\n")
                print(row)
                running = 0.0
        log.close()
        torch.save({"config": dataclasses.asdict(self.cfg), "weights": self.model.state_dict()}, self.out / "t5.pt")


if __name__ == "__main__":
    values = json.load(open(sys.argv[1])) if len(sys.argv) > 1 else {}
    config = RoutingConfig(**values)
    trainer = RoutingTrainer(config)
    (trainer.out / "config.json").write_text(json.dumps(dataclasses.asdict(config), indent=2))
    trainer.fit()
