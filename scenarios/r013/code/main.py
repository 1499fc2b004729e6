import sys

import numpy as np
import torch
import yaml

from glyphs import Glyphs, prototypes
from model import GlyphNet
from trainer import Trainer


def main(path):
    with open(path) as f:
        cfg = yaml.safe_load(f)
    torch.manual_seed(cfg["seed"])
    rng = np.random.default_rng(cfg["seed"])

    data = cfg["data"]
    shapes = prototypes(data["classes"], rng)
    train_set, val_set = (Glyphs(shapes, data[split], data["size"], data["noise"], data["max_shift"], rng)
                          for split in ("train", "val"))
    model = GlyphNet(data["classes"], **cfg["model"])
    model(train_set.images[:2])

    trainer = Trainer(model, train_set, val_set, cfg["train"], cfg["out_dir"])
    trainer.keep_config(path)
    print(f"{cfg['name']}: {len(train_set)} train / {len(val_set)} val images, {data['classes']} classes, "
          f"{sum(p.numel() for p in model.parameters()):,} parameters")
    rows = trainer.fit()
    best = max(rows, key=lambda row: float(row["val_acc"]))
    torch.save(model.state_dict(), f"{cfg['out_dir']}/glyphnet.pt")
    print("finished training")
    print(f"  final  train_loss {rows[-1]['train_loss']}  val_loss {rows[-1]['val_loss']}  val_acc {rows[-1]['val_acc']}")
    print(f"  best   val_acc {best['val_acc']} (epoch {best['epoch']})")
    print(f"  metrics in {cfg['out_dir']}/metrics.csv")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "configs/base.yaml")
