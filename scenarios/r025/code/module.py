import torch
import torch.nn.functional as F
from torch import nn

from welds import CLASSES, SAMPLES


class TraceTransformer(nn.Module):
    def __init__(self, dim, heads, layers, dropout, pooling):
        super().__init__()
        self.sample = nn.Linear(3, dim)
        self.position = nn.Parameter(0.02 * torch.randn(SAMPLES, dim))
        layer = nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(dim), enable_nested_tensor=False)
        self.pooling, self.head = pooling, nn.Linear(dim, len(CLASSES))

    def forward(self, traces):
        before = F.pad(traces, (1, 0))[:, :-1]
        after = F.pad(traces, (0, 1))[:, 1:]
        x = self.encoder(self.sample(torch.stack([before, traces, after], -1)) + self.position)
        return self.head(x.mean(1) if self.pooling == "mean" else x.max(1).values)


class WeldModule(nn.Module):
    """Model, loss and optimizer in one place, after the fashion of Lightning."""

    def __init__(self, dim=32, heads=4, layers=1, dropout=0.0, pooling="max", optimizer="adam", lr=3e-3):
        super().__init__()
        self.net = TraceTransformer(dim, heads, layers, dropout, pooling)
        self.optimizer, self.lr = optimizer, lr

    def training_step(self, batch):
        traces, labels = batch
        return F.cross_entropy(self.net(traces), labels)

    def validation_step(self, batch):
        traces, labels = batch
        logits = self.net(traces)
        return {"val_loss": F.cross_entropy(logits, labels).item(),
                "val_acc": (logits.argmax(1) == labels).float().mean().item()}

    def configure_optimizers(self):
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[self.optimizer]
        return kind(self.parameters(), lr=self.lr)
