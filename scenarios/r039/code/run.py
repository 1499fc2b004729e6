import argparse
import json

import numpy as np
import torch

from seedlings import SPECIES, plots
from trainer import Trainer

parser = argparse.ArgumentParser()
parser.add_argument("config", nargs="?", default="seedlings.json")
parser.add_argument("--seed", type=int)
args = parser.parse_args()

with open(args.config) as f:
    config = json.load(f)
if args.seed is not None:
    config["seed"] = args.seed
torch.manual_seed(config["seed"])
rng = np.random.default_rng(config["seed"])
train, val = plots(config["train_plots"], rng), plots(config["val_plots"], rng)
for name, (_, labels) in (("train", train), ("val", val)):
    counts = np.bincount(labels.numpy(), minlength=len(SPECIES))
    print(f"{name:5s} {len(labels):5d} plots  " + "  ".join(f"{s} {c}" for s, c in zip(SPECIES, counts)))
trainer = Trainer(config, train, val)
print(f"{sum(p.numel() for p in trainer.net.parameters())} parameters, dropout {config['dropout']}, augment {config['augment']}")
trainer.fit()
