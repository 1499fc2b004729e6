import torch
from torch import nn
import torch.nn.functional as F


class Jitter(nn.Module):
    """Moves and mirrors every crop of a training batch at random."""

    def __init__(self, reach):
        super().__init__()
        self.reach = reach

    def forward(self, x):
        if not self.training or self.reach == 0:
            return x
        n, _, h, w = x.shape
        padded = F.pad(x, [self.reach] * 4, mode="replicate")
        dy, dx = torch.randint(0, 2 * self.reach + 1, (2, n)).tolist()
        moved = torch.stack([p[:, a:a + h, b:b + w] for p, a, b in zip(padded, dy, dx)])
        flip = torch.rand(n) < 0.5
        moved[flip] = moved[flip].flip(-1)
        return moved


class GrainNet(nn.Module):
    def __init__(self, kinds, width=16, dropout=0.25, reach=5):
        super().__init__()
        self.jitter = Jitter(reach)
        self.conv = nn.Sequential(
            nn.Conv2d(1, width, 5, padding=2), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.BatchNorm2d(2 * width), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.ReLU(),
        )
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(2 * width * 36, 64), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(64, kinds),
        )

    def forward(self, x):
        return self.dense(self.conv(self.jitter(x)))
