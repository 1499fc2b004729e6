import torch
import torch.nn.functional as F
from torch import nn

from menu import COURSES, LENGTH, PAD, VOCAB


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x, pad):
        b, n, _ = x.shape
        q, k, v = self.to_qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).masked_fill(pad[:, None, None], -1e9).softmax(-1)
        return self.to_out((weights @ v).transpose(1, 2).reshape(b, n, -1)), weights


class DistilEncoder(nn.Module):
    """Half as many layers as its teacher had, no token types, no pooler."""

    def __init__(self, dim, heads, layers, dropout=0.1):
        super().__init__()
        self.word, self.place = nn.Embedding(VOCAB, dim, padding_idx=PAD), nn.Embedding(LENGTH, dim)
        self.norm_in = nn.LayerNorm(dim)
        self.attention = nn.ModuleList(Attention(dim, heads) for _ in range(layers))
        self.ffn = nn.ModuleList(
            nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim), nn.Dropout(dropout)) for _ in range(layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2 * layers))

    def forward(self, ids):
        x = self.norm_in(self.word(ids) + self.place.weight)
        for i, (attention, ffn) in enumerate(zip(self.attention, self.ffn)):
            a, weights = attention(x, ids == PAD)
            x = self.norms[2 * i](x + a)
            x = self.norms[2 * i + 1](x + ffn(x))
        return x, weights


class LitMenu(nn.Module):
    def __init__(self, dim=48, heads=6, layers=2, lr=1e-3, weight_decay=0.01, optimizer="adamw"):
        super().__init__()
        self.hparams = {"dim": dim, "heads": heads, "layers": layers, "lr": lr, "weight_decay": weight_decay, "optimizer": optimizer}
        self.encoder = DistilEncoder(dim, heads, layers)
        self.pre_classifier = nn.Linear(dim, dim)
        self.classifier = nn.Linear(dim, len(COURSES))
        self.training_step_outputs = []
        self.validation_step_outputs = []

    def forward(self, ids):
        x, weights = self.encoder(ids)
        return self.classifier(F.relu(self.pre_classifier(x[:, 0]))), weights

    def training_step(self, batch, batch_idx):
        logits, weights = self(batch["input_ids"])
        loss = F.cross_entropy(logits, batch["labels"])
        self.training_step_outputs.append(
            {"loss": loss.detach(), "logits": logits.detach(), "labels": batch["labels"], "attention": weights.detach()}
        )
        return loss

    def on_train_epoch_end(self):
        outputs = self.training_step_outputs
        right = torch.stack([(o["logits"].argmax(-1) == o["labels"]).float().mean() for o in outputs])
        entropy = torch.stack([-(o["attention"] * (o["attention"] + 1e-9).log()).sum(-1).mean() for o in outputs])
        return {
            "train/loss": torch.stack([o["loss"] for o in outputs]).mean().item(),
            "train/acc": right.mean().item(),
            "train/attn_entropy": entropy.mean().item(),
        }

    def validation_step(self, batch, batch_idx):
        logits, _ = self(batch["input_ids"])
        self.validation_step_outputs.append((logits.argmax(-1) == batch["labels"]).float().mean())

    def on_validation_epoch_end(self):
        acc = torch.stack(self.validation_step_outputs).mean().item()
        self.validation_step_outputs.clear()
        return {"val/acc": acc}

    def configure_optimizers(self):
        kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[self.hparams["optimizer"]]
        return kind(self.parameters(), lr=self.hparams["lr"], weight_decay=self.hparams["weight_decay"])
