import torch
from torch import nn


class PatchEmbedding(nn.Module):
    def __init__(self, side, patch, channels, dim):
        super().__init__()
        self.project = nn.Conv2d(channels, dim, patch, stride=patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.position = nn.Parameter(0.02 * torch.randn(1, (side // patch) ** 2 + 1, dim))

    def forward(self, images):
        patches = self.project(images).flatten(2).transpose(1, 2)
        return torch.cat([self.cls.expand(len(images), -1, -1), patches], dim=1) + self.position


class ViT(nn.Module):
    """Pre-norm vision transformer that classifies from its [CLS] token."""

    def __init__(self, classes, side=96, patch=16, channels=3, dim=48, depth=2, heads=4):
        super().__init__()
        self.embed = PatchEmbedding(side, patch, channels, dim)
        self.blocks = nn.ModuleList([
            nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
            for _ in range(depth)
        ])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, images):
        x = self.embed(images)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, 0]))
