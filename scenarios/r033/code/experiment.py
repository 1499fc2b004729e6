"""usage: experiment.py [options]   (deep plain CNN on seismogram windows)"""
import argparse
import json
import pathlib

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from net import ACTIVATIONS, DeepSeismoNet
from prints import CLASSES, windows


class Experiment:
    def __init__(self, hp):
        self.hp = hp
        torch.manual_seed(hp.seed)
        self.dir = pathlib.Path("results", hp.name)
        self.dir.mkdir(parents=True, exist_ok=True)
        (self.dir / "hparams.json").write_text(json.dumps(vars(hp), indent=2))
        self.train_x, self.train_y = windows(hp.n_train, hp.seed)
        self.val_x, self.val_y = windows(400, hp.seed + 1)
        self.net = DeepSeismoNet(len(CLASSES), hp.width, hp.depth, hp.activation, hp.batch_norm)
        self.opt = torch.optim.SGD(self.net.parameters(), hp.lr, momentum=hp.momentum, nesterov=hp.nesterov)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, hp.epochs, eta_min=hp.lr / 20)

    def fit(self):
        print(self.net)
        print("windows per class:", torch.bincount(self.train_y).tolist())
        data = DataLoader(TensorDataset(self.train_x, self.train_y), self.hp.batch, shuffle=True,
                          generator=torch.Generator().manual_seed(self.hp.seed))
        for epoch in range(1, self.hp.epochs + 1):
            self.net.train()
            seen = total = 0.0
            for x, y in data:
                loss = nn.functional.cross_entropy(self.net(x), y)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                total += loss.item() * len(x)
                seen += len(x)
            self.sched.step()
            self.report(epoch, total / seen)
        torch.save(self.net.state_dict(), self.dir / "net.pt")

    def report(self, epoch, train_loss):
        self.net.eval()
        with torch.no_grad():
            logits = self.net(self.val_x)
        loss = nn.functional.cross_entropy(logits, self.val_y).item()
        acc = (logits.argmax(1) == self.val_y).float().mean().item()
        print(f"epoch {epoch:2d}: train {train_loss:.4f}  val {loss:.4f}  acc {acc:.3f}")
        norms = {n.rsplit(".", 1)[0]: p.grad.norm().item() for n, p in self.net.named_parameters() if n.endswith("weight")}
        with open(self.dir / "layers.jsonl", "a") as f:
            f.write(json.dumps({"epoch": epoch, "grad": {k: float(f"{v:.3g}") for k, v in norms.items()}}) + "\n")


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--name", default="plain8")
    ap.add_argument("--width", type=int, default=10)
    ap.add_argument("--depth", type=int, default=8)
    ap.add_argument("--activation", choices=sorted(ACTIVATIONS), default="sigmoid")
    ap.add_argument("--batch-norm", action="store_true")
    ap.add_argument("--lr", type=float, default=0.03)
    ap.add_argument("--momentum", type=float, default=0.9)
    ap.add_argument("--nesterov", action="store_true")
    ap.add_argument("--batch", type=int, default=32)
    ap.add_argument("--epochs", type=int, default=5)
    ap.add_argument("--n-train", type=int, default=1000)
    ap.add_argument("--seed", type=int, default=3)
    Experiment(ap.parse_args()).fit()
