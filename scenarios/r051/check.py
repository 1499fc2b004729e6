"""Accuracy of the saved network on grains of its own."""

import json

import torch
from pollen import SPECIES, slides
from torch import nn


class GrainNet(nn.Module):
    def __init__(self, width, blocks):
        super().__init__()
        layers, channels = [], 1
        for i in range(blocks):
            layers += [nn.Conv2d(channels, width * 2**i, 5 if i == 0 else 3, padding=1)]
            layers += [nn.GroupNorm(4, width * 2**i), nn.ReLU(), nn.MaxPool2d(2)]
            channels = width * 2**i
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(3)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(channels * 9, 48), nn.ReLU(), nn.Linear(48, len(SPECIES)))

    def forward(self, x):
        return self.head(self.pool(self.features(x)))


saved = torch.load("grain_net.pt")
net = GrainNet(saved["args"]["width"], saved["args"]["blocks"])
net.load_state_dict(saved["net"])
net.eval()
images, labels = slides(60, 900_001)
with torch.no_grad():
    guesses = net(torch.from_numpy(images)).argmax(1)
print(json.dumps({"accuracy": (guesses == torch.from_numpy(labels)).float().mean().item()}))
