import torch
from torch import nn


class PlateViT(nn.Module):
    def __init__(self, classes, side=24, patch=6, dim=48, depth=2, heads=4, dropout=0.0):
        super().__init__()
        self.patch = patch
        count = (side // patch) ** 2
        self.to_tokens = nn.Linear(patch * patch, dim)
        self.cls = nn.Parameter(0.02 * torch.randn(1, 1, dim))
        self.pos = nn.Parameter(0.02 * torch.randn(1, count + 1, dim))
        block = nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout, "gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, depth, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, classes))

    def forward(self, images):
        p = self.patch
        tokens = images.unfold(1, p, p).unfold(2, p, p).flatten(1, 2).flatten(2)
        x = torch.cat([self.cls.expand(len(images), -1, -1), self.to_tokens(tokens)], 1) + self.pos
        return self.head(self.blocks(x)[:, 0])
