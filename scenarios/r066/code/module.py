import torch
import torch.nn.functional as F
from torch import nn

from remarks import LENGTH, VOCAB_SIZE


class Layer(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.sa_norm, self.out_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.ffn = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = self.sa_norm(x + self.attention(x, x, x, need_weights=False)[0])
        return self.out_norm(x + self.ffn(x))


class DistilEncoder(nn.Module):
    """Word and position embeddings (no token types), two layers, tied MLM projector."""

    def __init__(self, dim, layers, heads):
        super().__init__()
        self.words = nn.Embedding(VOCAB_SIZE, dim)
        self.positions = nn.Embedding(LENGTH, dim)
        for table in (self.words, self.positions):
            nn.init.normal_(table.weight, std=0.02)
        self.norm = nn.LayerNorm(dim)
        self.layers = nn.ModuleList([Layer(dim, heads) for _ in range(layers)])
        self.transform = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.LayerNorm(dim))
        self.bias = nn.Parameter(torch.zeros(VOCAB_SIZE))

    def forward(self, ids):
        x = self.norm(self.words(ids) + self.positions.weight)
        for layer in self.layers:
            x = layer(x)
        return F.linear(self.transform(x), self.words.weight, self.bias)


class RemarkMLM(nn.Module):
    def __init__(self, dim=48, layers=2, heads=4, lr=3e-3, weight_decay=0.01):
        super().__init__()
        self.hparams = {"dim": dim, "layers": layers, "heads": heads, "lr": lr, "weight_decay": weight_decay}
        self.net = DistilEncoder(dim, layers, heads)
        self.validation_outputs = []

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.hparams["lr"], weight_decay=self.hparams["weight_decay"])

    def training_step(self, batch):
        ids, labels = batch
        return F.cross_entropy(self.net(ids).flatten(0, 1), labels.flatten())

    def validation_step(self, batch):
        ids, labels = batch
        self.validation_outputs.append((self.net(ids), labels))

    def on_validation_epoch_end(self):
        logits = torch.cat([logits for logits, _ in self.validation_outputs]).flatten(0, 1)
        labels = torch.cat([labels for _, labels in self.validation_outputs]).flatten()
        self.validation_outputs.clear()
        loss = F.cross_entropy(logits, labels)
        return {"val_loss": loss.item(), "val_ppl": loss.exp().item()}
