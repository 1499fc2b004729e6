"""Predict which pump sessions end in an operator alert from the session's sensor summary.

    python train.py --epochs 12
"""
import argparse
import random

import numpy as np
import torch
from torch import nn

from sessions import make_sessions


class AlertNet(nn.Module):
    def __init__(self, n_features, hidden):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(n_features, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
        )
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        return torch.sigmoid(self.out(self.body(x))).squeeze(-1)


def weighted_loss(prob, target, pos_weight):
    """Cross entropy with the alert class weighted up (alerts are about one session in five)."""
    alert = pos_weight * target * torch.log(prob)
    quiet = (1 - target) * torch.log(1 - prob)
    return -(alert + quiet).mean()


@torch.no_grad()
def evaluate(model, x, y):
    model.eval()
    prob = model(x)
    pred = (prob > 0.5).float()
    tp = (pred * y).sum().item()
    precision = tp / max(pred.sum().item(), 1.0)
    recall = tp / max(y.sum().item(), 1.0)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    model.train()
    return (pred == y).float().mean().item(), f1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--pos-weight", type=float, default=2.0)
    parser.add_argument("--sessions", type=int, default=12000)
    parser.add_argument("--log-every", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    print(args)

    random.seed(args.seed)
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)

    x, y = make_sessions(args.sessions, args.seed)
    n_train = int(0.85 * len(x))
    mean, std = x[:n_train].mean(0), x[:n_train].std(0)
    x = (x - mean) / std
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    x_train, y_train, x_val, y_val = x[:n_train], y[:n_train], x[n_train:], y[n_train:]
    print(f"train {tuple(x_train.shape)} val {tuple(x_val.shape)} alerts {y_train.mean():.3f}")

    model = AlertNet(x.shape[1], args.hidden)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-4)
    print(f"parameters: {sum(p.numel() for p in model.parameters())}")

    step = 0
    for epoch in range(1, args.epochs + 1):
        order = torch.randperm(n_train)
        for start in range(0, n_train, args.batch_size):
            idx = order[start:start + args.batch_size]
            prob = model(x_train[idx])
            loss = weighted_loss(prob, y_train[idx], args.pos_weight)
            optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
            optimizer.step()
            step += 1
            if step % args.log_every == 0:
                print(f"step {step:5d} epoch {epoch:2d} loss {loss.item():.4f} grad_norm {grad_norm:.4f}")
        acc, f1 = evaluate(model, x_val, y_val)
        print(f"[epoch {epoch}] val_acc {acc:.4f} val_f1 {f1:.4f}")

    print(f"done. val_acc={acc:.4f} val_f1={f1:.4f}")
    torch.save({"model": model.state_dict(), "mean": mean, "std": std, "hidden": args.hidden}, "alertnet.pt")


if __name__ == "__main__":
    main()
