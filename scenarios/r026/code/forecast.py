# One-day level forecast for the dam keepers, from the last three days of readings.
import argparse

import numpy as np
import torch
import torch.nn as nn

from gauge import COLUMNS, series, windows

ap = argparse.ArgumentParser()
ap.add_argument("--seed", type=int, default=29)
ap.add_argument("--cell", choices=["lstm", "gru"], default="lstm")
ap.add_argument("--hidden", type=int, default=24)
ap.add_argument("--layers", type=int, default=1)
ap.add_argument("--window", type=int, default=12)
ap.add_argument("--optimizer", choices=["sgd", "adam"], default="sgd")
ap.add_argument("--lr", type=float, default=0.1)
ap.add_argument("--momentum", type=float, default=0.9)
ap.add_argument("--clip", type=float, default=1.0)
ap.add_argument("--batch", type=int, default=64)
ap.add_argument("--epochs", type=int, default=8)
ap.add_argument("--save", default="forecast.pt")


class Forecaster(nn.Module):
    def __init__(self, inputs, hidden, layers, cell):
        super().__init__()
        self.rnn = (nn.LSTM if cell == "lstm" else nn.GRU)(inputs, hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.out(states[:, -1])


def main():
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)

    table = series(3 * 365, rng)
    x, y = windows(table, a.window)
    cut = int(0.8 * len(x))
    print("readings", table.shape, "windows", x.shape, "->", cut, "train /", len(x) - cut - a.window, "test")
    print("%-12s %12s %12s %12s" % ("column", "min", "median", "max"))
    for name, column in zip(COLUMNS, table.T):
        print("%-12s %12.1f %12.1f %12.1f" % (name, column.min(), np.median(column), column.max()))
    print("change of level (dm): mean %.3f std %.3f" % (y.mean(), y.std()))
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    x_train, y_train, x_test, y_test = x[:cut], y[:cut], x[cut + a.window:], y[cut + a.window:]

    net = Forecaster(x.shape[2], a.hidden, a.layers, a.cell)
    if a.optimizer == "sgd":
        opt = torch.optim.SGD(net.parameters(), lr=a.lr, momentum=a.momentum)
    else:
        opt = torch.optim.Adam(net.parameters(), lr=a.lr)

    for epoch in range(1, a.epochs + 1):
        mse, norms = 0.0, []
        for rows in torch.randperm(cut).split(a.batch):
            loss = ((net(x_train[rows]) - y_train[rows]) ** 2).mean()
            opt.zero_grad()
            loss.backward()
            norms.append(nn.utils.clip_grad_norm_(net.parameters(), a.clip).item())
            opt.step()
            mse += loss.item() * len(rows) / cut
        with torch.no_grad():
            guess = net(x_test)
        test = ((guess - y_test) ** 2).mean().item()
        r2 = 1 - test / y_test.var(unbiased=False).item()
        print("epoch %d  mse %.4f  test mse %.4f  r2 %+.3f  forecast std %.4f  |g| %.4f"
              % (epoch, mse, test, r2, guess.std().item(), np.mean(norms)))
    torch.save({"net": net.state_dict(), "args": vars(a)}, a.save)


if __name__ == "__main__":
    main()
