"""LSTM over draughts openings."""
import argparse

import numpy as np
import torch
from torch import nn

from games import GAMES_PER_BOOK, MOVES, play


class OpeningModel(nn.Module):
    """Takes one-hot moves so that soft (averaged) moves can be put in later."""

    def __init__(self, hidden, n_moves=len(MOVES)):
        super().__init__()
        self.squeeze = nn.Linear(n_moves, 64, bias=False)
        self.lstm = nn.LSTM(64, hidden, batch_first=True)
        self.head = nn.Linear(hidden, n_moves)

    def forward(self, x):
        h, _ = self.lstm(self.squeeze(x))
        return self.head(h)


def one_hot(ids):
    return np.eye(len(MOVES))[ids]


def statistics(games, names):
    counts = np.bincount(games.ravel(), minlength=len(names))
    top = ", ".join(f"{names[i]} {counts[i]}" for i in counts[1:].argsort()[::-1][:4] + 1)
    print("---- corpus ----")
    print(f"score books      {len(games) // GAMES_PER_BOOK}")
    print(f"games            {len(games)}")
    print(f"moves per game   {games.shape[1] - 1}")
    print(f"tokens           {games.size}")
    print(f"vocabulary       {len(names)} ({(counts > 0).sum()} used)")
    print(f"most frequent    {top}")
    print("----------------")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--books", type=int, default=50)
    ap.add_argument("--length", type=int, default=33)
    ap.add_argument("--steps", type=int, default=180)
    ap.add_argument("--batch", type=int, default=48)
    ap.add_argument("--hidden", type=int, default=64)
    ap.add_argument("--lr", type=float, default=6.0)
    ap.add_argument("--momentum", type=float, default=0.8)
    ap.add_argument("--seed", type=int, default=8)
    ap.add_argument("--save", default="openings.pt")
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)

    games = play(args.books * GAMES_PER_BOOK, args.length, rng)
    statistics(games, MOVES)
    print("encoding ...")
    x = one_hot(games)
    print(f"encoded {x.shape}, {x.nbytes / 2**20:.0f} MiB")
    n_train = int(0.95 * len(games))

    model = OpeningModel(args.hidden)
    opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)
    print(model)
    for step in range(1, args.steps + 1):
        rows = rng.integers(0, n_train, args.batch)
        batch = torch.from_numpy(x[rows]).float()
        out = model(batch[:, :-1])
        loss = nn.functional.cross_entropy(out.flatten(0, 1), torch.from_numpy(games[rows, 1:]).flatten())
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        opt.step()
        if step % 20 == 0:
            print(f"step {step:4d}  loss {loss.item():.4f}")
    torch.save({"model": model.state_dict(), "hidden": args.hidden}, args.save)


if __name__ == "__main__":
    main()
