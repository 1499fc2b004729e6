import torch
import torch.nn.functional as F
from torch import nn


class EncoderLayer(nn.Module):
    def __init__(self, dim, heads, mlp_ratio, dropout):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, dropout=dropout, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, mlp_ratio * dim), nn.GELU(), nn.Linear(mlp_ratio * dim, dim))

    def forward(self, x):
        h = self.ln1(x)
        x = x + self.attn(h, h, h, need_weights=False)[0]
        return x + self.mlp(self.ln2(x))


class ViT(nn.Module):
    def __init__(self, side, classes, patch, dim, depth, heads, mlp_ratio, dropout):
        super().__init__()
        self.patches = nn.Conv2d(1, dim, patch, stride=patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(0.02 * torch.randn(1, (side // patch) ** 2 + 1, dim))
        self.layers = nn.Sequential(*(EncoderLayer(dim, heads, mlp_ratio, dropout) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        t = self.patches(x).flatten(2).transpose(1, 2)
        t = torch.cat([self.cls.expand(len(t), -1, -1), t], 1) + self.pos
        return self.head(self.norm(self.layers(t))[:, 0])


class RippleModule(nn.Module):
    def __init__(self, classes, side, vit, optimizer, lr_schedule):
        super().__init__()
        self.net = ViT(side, classes, **vit)
        self.optimizer_cfg = dict(optimizer)
        self.lr_schedule_cfg = lr_schedule

    def training_step(self, batch):
        x, y = batch
        logits = self.net(x)
        return F.cross_entropy(logits, y), {"train_acc": (logits.argmax(1) == y).float().mean().item()}

    def validation_step(self, batch):
        x, y = batch
        logits = self.net(x)
        return {"val_loss": F.cross_entropy(logits, y).item(), "val_acc": (logits.argmax(1) == y).float().mean().item()}

    def configure_optimizers(self):
        cfg = dict(self.optimizer_cfg)
        cls = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[cfg.pop("name")]
        if cls is torch.optim.AdamW:
            cfg.pop("momentum")
        optimizer = cls(self.parameters(), **cfg)
        # every 5 epochs down to a third
        scheduler = torch.optim.lr_scheduler.StepLR(
            optimizer, step_size=self.lr_schedule_cfg["every"], gamma=self.lr_schedule_cfg["gamma"]
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step", "frequency": 1}}
