import argparse
import csv
import dataclasses
import logging
import os

import torch
from torch import nn
from torch.nn import functional as F

import votes


@dataclasses.dataclass
class Config:
    galaxies: int = 4000
    volunteers: int = 40
    hidden: int = 96
    depth: int = 2
    dropout: float = 0.0
    optimizer: str = "adamw"
    lr: float = 3e-3
    weight_decay: float = 1e-3
    batch: int = 64
    epochs: int = 14
    seed: int = 8
    run: str = "runs/votes_mlp"


class VoteMLP(nn.Module):
    def __init__(self, hidden, depth, dropout):
        super().__init__()
        widths = [votes.FEATURES] + [hidden] * depth
        layers = []
        for a, b in zip(widths, widths[1:]):
            layers += [nn.Linear(a, b), nn.GELU(), nn.Dropout(dropout)]
        self.body = nn.Sequential(*layers)
        self.out = nn.Linear(hidden, len(votes.ANSWERS))

    def forward(self, x):
        return self.out(self.body(x))


def share_loss(logits, target):
    """Divergence between the volunteers' shares and the predicted ones, mean over galaxies."""
    predicted = F.softmax(logits, dim=-1)
    return F.kl_div(predicted, target, reduction="batchmean")


@torch.no_grad()
def scores(model, x, v):
    model.eval()
    logits = model(x)
    p = logits.softmax(-1)
    return {
        "loss": share_loss(logits, v).item(),
        "same_favourite": (p.argmax(-1) == v.argmax(-1)).float().mean().item(),
        "share_mae": (p - v).abs().mean().item(),
        "top_share": p.max(-1).values.mean().item(),
    }


def main():
    parser = argparse.ArgumentParser()
    for field in dataclasses.fields(Config):
        parser.add_argument("--" + field.name.replace("_", "-"), type=field.type, default=field.default)
    cfg = Config(**vars(parser.parse_args()))
    logging.basicConfig(format="%(levelname).1s %(message)s", level=logging.INFO)
    log = logging.getLogger()
    torch.manual_seed(cfg.seed)
    os.makedirs(cfg.run, exist_ok=True)

    x, v = votes.catalogue(cfg.galaxies, cfg.volunteers, cfg.seed)
    val_x, val_v = votes.catalogue(600, cfg.volunteers, cfg.seed + 10_000)
    log.info("%d galaxies, %d votes each; mean share %s; mean share of the favourite %.3f", len(x), cfg.volunteers,
             {a: round(s, 3) for a, s in zip(votes.ANSWERS, v.mean(0).tolist())}, v.max(-1).values.mean())
    model = VoteMLP(cfg.hidden, cfg.depth, cfg.dropout)
    kinds = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    opt = kinds[cfg.optimizer](model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
    log.info("%s, %d parameters", type(model).__name__, sum(p.numel() for p in model.parameters()))

    with open(os.path.join(cfg.run, "history.csv"), "w", newline="") as f:
        history = None
        for epoch in range(1, cfg.epochs + 1):
            model.train()
            running = 0.0
            for idx in torch.randperm(len(x)).split(cfg.batch):
                loss = share_loss(model(x[idx]), v[idx])
                opt.zero_grad()
                loss.backward()
                opt.step()
                running += loss.item() * len(idx) / len(x)
            row = {"epoch": epoch, "train_loss": running, **{"val_" + k: s for k, s in scores(model, val_x, val_v).items()}}
            if history is None:
                history = csv.DictWriter(f, list(row))
                history.writeheader()
            history.writerow({k: s if k == "epoch" else f"{s:.4f}" for k, s in row.items()})
            log.info("epoch %2d  train %.4f  val %.4f  favourite %.3f  share mae %.3f", epoch, running,
                     row["val_loss"], row["val_same_favourite"], row["val_share_mae"])
    torch.save({"config": dataclasses.asdict(cfg), "weights": model.state_dict()}, os.path.join(cfg.run, "model.pt"))


if __name__ == "__main__":
    main()
