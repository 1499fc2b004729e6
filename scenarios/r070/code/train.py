"""Stitch classifier. Scans the swatches (swatches.npz), splits them and trains; everything is kept in results/."""
import json
import os
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn as nn

import stitches
from knitnet import KnitNet


@dataclass
class Settings:
    seed: int = 13
    swatches: int = 1600
    val_fraction: float = 0.2
    width: int = 16
    norm: str = "batch"
    optimizer: str = "sgd"
    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 1e-4
    batch_size: int = 32
    epochs: int = 4
    flip: bool = False
    out: str = "results"


def load(path):
    with np.load(path) as data:
        images, labels = data["images"], data["labels"]
    images = (images - images.mean()) / images.std()
    return images[:, None], labels.astype(np.int64)


def split(images, labels, fraction, rng):
    """Mixes the books and holds `fraction` back."""
    order = rng.permutation(len(images))
    images = images[order]
    held = int(len(images) * fraction)
    train = torch.from_numpy(images[held:]), torch.from_numpy(labels[held:])
    val = torch.from_numpy(images[:held]), torch.from_numpy(labels[:held])
    return train, val


def epoch_of(model, data, s, rng, optimizer=None):
    """One pass; learns when an optimizer is given. Returns mean loss and accuracy."""
    x, y = data
    model.train(optimizer is not None)
    order = torch.from_numpy(rng.permutation(len(x)) if optimizer else np.arange(len(x)))
    loss_sum = correct = 0
    for rows in order.split(s.batch_size if optimizer else 400):
        inputs, target = x[rows], y[rows]
        if optimizer and s.flip and rng.random() < 0.5:
            inputs = inputs.flip(-1)
        with torch.set_grad_enabled(optimizer is not None):
            logits = model(inputs)
            loss = nn.functional.cross_entropy(logits, target)
        if optimizer:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        loss_sum += loss.item() * len(rows)
        correct += (logits.argmax(1) == target).sum().item()
    return loss_sum / len(x), correct / len(x)


def main(s=Settings()):
    os.makedirs(s.out, exist_ok=True)
    with open(f"{s.out}/settings.json", "w") as f:
        json.dump(asdict(s), f, indent=1)
    torch.manual_seed(s.seed)
    rng = np.random.default_rng(s.seed)
    path = stitches.main(count=s.swatches, seed=s.seed)
    train, val = split(*load(path), s.val_fraction, rng)
    model = KnitNet(len(stitches.NAMES), s.width, s.norm)
    print("swatches", tuple(train[0].shape), tuple(val[0].shape), "parameters", sum(p.numel() for p in model.parameters()))

    if s.optimizer == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), s.lr, momentum=s.momentum, weight_decay=s.weight_decay, nesterov=True)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), s.lr, weight_decay=s.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, s.epochs)
    with open(f"{s.out}/metrics.jsonl", "w") as f:
        for epoch in range(s.epochs):
            lr = schedule.get_last_lr()[0]
            train_loss, train_acc = epoch_of(model, train, s, rng, optimizer)
            val_loss, val_acc = epoch_of(model, val, s, rng)
            schedule.step()
            row = dict(epoch=epoch, lr=round(lr, 5), train_loss=round(train_loss, 4), train_acc=round(train_acc, 4),
                       val_loss=round(val_loss, 4), val_acc=round(val_acc, 4))
            f.write(json.dumps(row) + "\n")
            print("  ".join(f"{key} {value}" for key, value in row.items()))
    torch.save(model.state_dict(), f"{s.out}/knitnet.pt")


if __name__ == "__main__":
    main()
