"""usage: main.py [key=value ...]"""
import sys
import time
from dataclasses import dataclass, fields

import torch
from torch.utils.data import DataLoader

from network import TrainClassifier
from tracks import AXLES, CLASSES, Passages, collate


@dataclass
class Settings:
    train: int = 1920
    valid: int = 300
    shortest: int = 5
    longest: int = 40
    dim: int = 32
    layers: int = 2
    batch: int = 32
    optimizer: str = "sgd"
    lr: float = 0.05
    momentum: float = 0.9
    epochs: int = 3
    workers: int = 0
    seed: int = 9

    @classmethod
    def read(cls, arguments):
        kinds = {f.name: type(f.default) for f in fields(cls)}
        pairs = (argument.split("=", 1) for argument in arguments)
        return cls(**{key: kinds[key](value) for key, value in pairs})


def main():
    s = Settings.read(sys.argv[1:])
    print(s)
    torch.manual_seed(s.seed)
    train = Passages(s.train, s.shortest, s.longest, s.seed)
    valid = Passages(s.valid, s.shortest, s.longest, s.seed + 100)
    lengths = torch.tensor([len(symbols) for symbols, _ in train.items]).float()
    print(f"{len(train)} passages, {lengths.mean():.1f} axles on average, {int(lengths.min())} to {int(lengths.max())}")
    train_loader = DataLoader(train, s.batch, shuffle=True, collate_fn=collate, num_workers=s.workers)
    valid_loader = DataLoader(valid, 100, collate_fn=collate)
    net = TrainClassifier(len(AXLES) + 1, len(CLASSES), s.dim, layers=s.layers)
    if s.optimizer == "sgd":
        optimizer = torch.optim.SGD(net.parameters(), lr=s.lr, momentum=s.momentum)
    else:
        optimizer = torch.optim.AdamW(net.parameters(), lr=s.lr)
    loss_function = torch.nn.CrossEntropyLoss()
    started, step = time.time(), 0
    for epoch in range(1, s.epochs + 1):
        net.train()
        for batch in train_loader:
            loss = loss_function(net(batch["ids"], batch["mask"]), batch["labels"])
            optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % 15 == 0:
                print(f"  step {step:4d}  loss {loss.item():.3f}  grad {norm:.2f}")
        net.eval()
        right, sizes = [], []
        with torch.no_grad():
            for batch in valid_loader:
                right.append(net(batch["ids"], batch["mask"]).argmax(1) == batch["labels"])
                sizes.append((batch["ids"] > 0).sum(1))
        right, sizes = torch.cat(right).float(), torch.cat(sizes)
        parts = ", ".join(
            f"{low}-{high - 1} axles {right[(sizes >= low) & (sizes < high)].mean():.2f}"
            for low, high in [(5, 8), (8, 14), (14, 41)]
        )
        print(f"epoch {epoch}  valid accuracy {right.mean():.3f}  ({parts})  {time.time() - started:.0f} s")
    torch.save({"dim": s.dim, "layers": s.layers, "net": net.state_dict()}, "net.pt")


if __name__ == "__main__":
    main()
