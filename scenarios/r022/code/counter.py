from torch import nn

from trays import DENSITY_SCALE


class SproutCounter(nn.Module):
    """Fully convolutional: picture (1, H, W) -> sprouts per 4x4 cell (1, H/4, W/4), never negative."""

    def __init__(self, width=12):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, stride=2), nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1, stride=2), nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.ReLU(),
        )
        self.density = nn.Sequential(nn.Conv2d(2 * width, 1, 1), nn.ReLU())
        nn.init.constant_(self.density[0].bias, 0.5 * DENSITY_SCALE)  # half a sprout per cell to begin with

    def forward(self, x):
        return self.density(self.trunk(x))
