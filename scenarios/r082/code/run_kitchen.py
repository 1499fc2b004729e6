"""Which kitchen does an ingredient list come from?  BERT-style classifier, trained from scratch."""
import argparse
import logging
import sys

import numpy as np
import torch
from torch.utils.data import TensorDataset

from encoder import PantryBert
from pantry import KITCHENS, VOCAB_SIZE, sample_lists
from trainer import Trainer


def parse():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--learning-rate", type=float, default=1e-1)
    p.add_argument("--optimizer", choices=["adam", "adamw"], default="adam")
    p.add_argument("--batch-size", type=int, default=32)
    p.add_argument("--epochs", type=int, default=4)
    p.add_argument("--warmup-ratio", type=float, default=0.0)
    p.add_argument("--schedule", choices=["constant", "cosine"], default="constant")
    p.add_argument("--max-grad-norm", type=float, default=0.0)
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--width", type=int, default=32)
    p.add_argument("--logging-steps", type=int, default=10)
    p.add_argument("--seed", type=int, default=13)
    return p.parse_args()


def main():
    args = parse()
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
    log = logging.getLogger("pantry")
    log.info("arguments %s", vars(args))
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    train_set = TensorDataset(*sample_lists(1600, rng))
    valid_set = TensorDataset(*sample_lists(400, rng))
    log.info("%d training lists, %d for evaluation, %d kitchens, vocabulary of %d", len(train_set), len(valid_set),
             len(KITCHENS), VOCAB_SIZE)
    model = PantryBert(len(KITCHENS), width=args.width, layers=args.layers)
    log.info("model has %s parameters", f"{sum(p.numel() for p in model.parameters()):,}")
    Trainer(model, train_set, valid_set, args).train()


if __name__ == "__main__":
    main()
