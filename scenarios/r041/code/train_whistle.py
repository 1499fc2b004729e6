"""Whistle pitch estimator on simulated traces. Every epoch is simulated on the fly, nothing is stored."""
import argparse
import json
import os
import random

import numpy as np
import torch
import torch.nn.functional as F

from pings import draw, from_target, to_target
from ssm import PitchSSM


def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=180)
    p.add_argument("--batches", type=int, default=2, help="simulated batches per epoch")
    p.add_argument("--batch-size", type=int, default=16)
    p.add_argument("--length", type=int, default=96)
    p.add_argument("--noise", type=float, default=0.6)
    p.add_argument("--channels", type=int, default=32)
    p.add_argument("--states", type=int, default=8)
    p.add_argument("--blocks", type=int, default=1)
    p.add_argument("--dropout", type=float, default=0.0)
    p.add_argument("--optimizer", choices=("adamw", "adam"), default="adamw")
    p.add_argument("--lr", type=float, default=5e-3)
    p.add_argument("--weight-decay", type=float, default=0.01)
    p.add_argument("--seed", type=int, default=2)
    p.add_argument("--out", default="whistle")
    return p.parse_args()


def train_epoch(model, optimizer, scheduler, args):
    seed_everything(args.seed)
    model.train()
    total = 0.0
    for _ in range(args.batches):
        trace, pitch = draw(args.batch_size, args.length, args.noise)
        loss = F.mse_loss(model(trace), to_target(pitch))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        total += loss.item()
    return total / args.batches


@torch.no_grad()
def evaluate(model, trace, pitch):
    model.eval()
    guess = model(trace)
    return F.mse_loss(guess, to_target(pitch)).item(), (from_target(guess) - pitch).abs().mean().item()


def main():
    args = get_args()
    os.makedirs(args.out, exist_ok=True)
    seed_everything(args.seed + 1)
    held_out = draw(150, args.length, args.noise)
    seed_everything(args.seed)
    model = PitchSSM(args.channels, args.states, args.blocks, args.dropout)
    print(f"PitchSSM with {sum(p.numel() for p in model.parameters())} parameters")
    kind = torch.optim.AdamW if args.optimizer == "adamw" else torch.optim.Adam
    optimizer = kind(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs * args.batches)
    seen = 0
    with open(os.path.join(args.out, "curve.jsonl"), "w") as f:
        for epoch in range(1, args.epochs + 1):
            train = train_epoch(model, optimizer, scheduler, args)
            seen += args.batches * args.batch_size
            held, mae = evaluate(model, *held_out)
            f.write(json.dumps({"epoch": epoch, "traces_simulated": seen, "train_mse": round(train, 4),
                                "held_out_mse": round(held, 4), "held_out_mae": round(mae, 5)}) + "\n")
            if epoch % 15 == 0:
                print(f"epoch {epoch:3d}  {seen:6d} traces simulated  train mse {train:.3f}  held-out mse {held:.3f} ({1000 * mae:.1f} mHz)")
    torch.save({"args": vars(args), "model": model.state_dict()}, os.path.join(args.out, "last.pt"))


if __name__ == "__main__":
    main()
