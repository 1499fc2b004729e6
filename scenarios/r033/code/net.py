import torch.nn as nn

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "gelu": nn.GELU}


class DeepSeismoNet(nn.Module):
    """Stem, `depth` 3x3 convolutions of equal width (pooled twice on the way), linear read-out."""

    def __init__(self, n_classes, width=10, depth=8, activation="sigmoid", batch_norm=False):
        super().__init__()
        act = ACTIVATIONS[activation]
        layers, channels = [], 1
        for i in range(depth):
            layers.append(nn.Conv2d(channels, width, 3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(act())
            if i in (1, 3):
                layers.append(nn.AvgPool2d(2))
            channels = width
        self.features = nn.Sequential(*layers)
        self.readout = nn.Linear(width * 16, n_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                gain = nn.init.calculate_gain("relu" if activation in ("relu", "gelu") else activation)
                nn.init.xavier_normal_(m.weight, gain=gain)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.readout(self.features(x).flatten(1))
