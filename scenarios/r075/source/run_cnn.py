from dataclasses import dataclass, replace
import sys

import torch
from torch import nn

from pollen import TAXA, Slides


@dataclass
class Settings:
    seed: int = 2
    slides: int = 2000
    passes: int = 6
    batch: int = 32
    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 1e-4
    width: int = 12
    optimizer: str = "sgd"


def network(width):
    def stage(inner, outer):
        return nn.Sequential(nn.Conv2d(inner, outer, 3, padding=1), nn.BatchNorm2d(outer), nn.ReLU(), nn.MaxPool2d(2))

    head = nn.Linear(2 * width, len(TAXA))
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return nn.Sequential(
        stage(1, width), stage(width, 2 * width), stage(2 * width, 2 * width), nn.AdaptiveAvgPool2d(1), nn.Flatten(), head
    )


def settings_from(words):
    given = dict(word.split("=") for word in words)
    default = Settings()
    return replace(default, **{key: type(getattr(default, key))(value) for key, value in given.items()})


def main():
    s = settings_from(sys.argv[1:])
    torch.manual_seed(s.seed)
    slides = Slides(s.slides, s.seed)
    net = network(s.width)
    if s.optimizer == "sgd":
        optimizer = torch.optim.SGD(net.parameters(), lr=s.lr, momentum=s.momentum, weight_decay=s.weight_decay)
    else:
        optimizer = torch.optim.Adam(net.parameters(), lr=s.lr)
    criterion = nn.CrossEntropyLoss()
    step, total = 0, s.passes * (s.slides // s.batch)
    with open("loss.txt", "w") as log:
        mean = 0.0
        for _ in range(s.passes):
            for grains, taxa in slides.draw(s.batch):
                loss = criterion(net(torch.from_numpy(grains)), torch.from_numpy(taxa))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
                mean += loss.item() / 10
                if step % 10 == 0:
                    log.write(f"{step}/{total} {mean:.4f}\n")
                    mean = 0.0
    torch.save((s.width, net.state_dict()), "pollen.pt")


if __name__ == "__main__":
    main()
