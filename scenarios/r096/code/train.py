import argparse
import json
import logging
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

from model import Transcriber
from strands import BOS, N_SRC, N_TGT, PAD, tensors

log = logging.getLogger("transcribe")


def get_args():
    ap = argparse.ArgumentParser(description="DNA template -> mRNA with two-pass scheduled sampling")
    ap.add_argument("--out", default="exp")
    ap.add_argument("--updates", type=int, default=200)
    ap.add_argument("--batch-size", type=int, default=48)
    ap.add_argument("--optim", choices=["adam", "adamw"], default="adam")
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--d-model", type=int, default=48)
    ap.add_argument("--layers", type=int, default=1)
    ap.add_argument("--own-inputs", type=float, default=0.15, help="final share of decoder inputs taken from the model")
    ap.add_argument("--train-size", type=int, default=3000)
    ap.add_argument("--valid-size", type=int, default=200)
    ap.add_argument("--report", type=int, default=10)
    ap.add_argument("--seed", type=int, default=0)
    return ap.parse_args()


def mixed_inputs(gold_in, logits, share):
    """Replace a random share of the decoder inputs (never BOS or padding) by the model's own predictions."""
    own = torch.cat([gold_in[:, :1], logits.argmax(-1)[:, :-1]], dim=1)
    take = torch.rand(gold_in.shape) < share
    take &= gold_in.ne(PAD) & gold_in.ne(BOS)
    return torch.where(take, own, gold_in)


def exact_match(model, src, tgt):
    model.eval()
    got = model.greedy(src, BOS, tgt.size(1) - 1)
    gold = tgt[:, 1:]
    hit = ((got == gold) | gold.eq(PAD)).all(1).float().mean().item()
    model.train()
    return hit


def write_histogram(first_pass, path):
    """Distribution of the top probability in the first pass, by tenth of training."""
    top = torch.stack([p.max(-1).values.flatten(1).mean(1) for p in first_pass]).detach().numpy()
    rows = []
    for part in np.array_split(top, 10):
        counts, _ = np.histogram(part, bins=20, range=(0.0, 1.0))
        rows.append(counts.tolist())
    with open(path, "w") as f:
        json.dump({"bins": 20, "range": [0, 1], "counts": rows}, f)


def main():
    args = get_args()
    os.makedirs(args.out, exist_ok=True)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s", stream=sys.stdout)
    log.info("args %s", vars(args))
    torch.manual_seed(args.seed)
    src, tgt = tensors(args.train_size, seed=args.seed)
    vsrc, vtgt = tensors(args.valid_size, seed=args.seed + 10_000)
    log.info("strands: %d train, %d valid, source width %d, transcript width %d", len(src), len(vsrc), src.size(1), tgt.size(1))

    model = Transcriber(N_SRC, N_TGT, args.d_model, layers=args.layers)
    optim = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[args.optim](model.parameters(), lr=args.lr)
    log.info("model: %.3fM parameters", sum(p.numel() for p in model.parameters()) / 1e6)

    first_pass = []
    running = 0.0
    for update in range(1, args.updates + 1):
        rows = torch.randint(len(src), (args.batch_size,))
        x, y_in, y_out = src[rows], tgt[rows, :-1], tgt[rows, 1:]
        share = args.own_inputs * update / args.updates

        logits = model(x, y_in)
        first_pass.append(logits.softmax(-1))
        logits = model(x, mixed_inputs(y_in, logits, share))
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=PAD)
        optim.zero_grad()
        loss.backward()
        optim.step()

        running += loss.item()
        if update % args.report == 0:
            log.info("update %d/%d xent %.4f own_inputs %.3f", update, args.updates, running / args.report, share)
            running = 0.0

    log.info("exact match %.4f", exact_match(model, vsrc, vtgt))
    write_histogram(first_pass, os.path.join(args.out, "confidence.json"))
    torch.save({"model": model.state_dict(), "d_model": args.d_model, "layers": args.layers}, os.path.join(args.out, "model.pt"))


if __name__ == "__main__":
    main()
