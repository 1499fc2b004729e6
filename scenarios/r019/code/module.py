from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from telegrams import FIELDS, N_WORDS

N_VALUES = sum(FIELDS.values())


@dataclass
class Hparams:
    d_model: int = 48
    nhead: int = 4
    num_layers: int = 2
    dim_feedforward: int = 96
    lr: float = 2e-3
    weight_decay: float = 0.01
    optimizer: str = "adamw"


class Decipher(nn.Module):
    """Encoder-decoder; the decoder is asked for one field after the other."""

    def __init__(self, hparams):
        super().__init__()
        h = self.hparams = hparams
        self.words = nn.Embedding(N_WORDS, h.d_model)
        self.values = nn.Embedding(N_VALUES + 1, h.d_model)
        self.pos = nn.Parameter(0.1 * torch.randn(64, h.d_model))
        self.transformer = nn.Transformer(h.d_model, h.nhead, h.num_layers, h.num_layers, h.dim_feedforward,
                                          dropout=0.0, batch_first=True)
        self.head = nn.Linear(h.d_model, N_VALUES)
        self.logged = {}

    def forward(self, source, target):
        shifted = F.pad(target[:, :-1], (1, 0), value=N_VALUES)
        n = shifted.shape[1]
        mask = torch.full((n, n), float("-inf"), device=source.device).triu(1)
        x = self.words(source) + self.pos[: source.shape[1]]
        y = self.values(shifted) + self.pos[-n:]
        return self.head(self.transformer(x, y, tgt_mask=mask))

    # -- hooks called by the runner ------------------------------------------------
    def configure_optimizers(self):
        cls = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[self.hparams.optimizer]
        return cls(self.parameters(), lr=self.hparams.lr, weight_decay=self.hparams.weight_decay)

    def training_step(self, batch, batch_idx):
        source, target = batch
        loss = F.cross_entropy(self(source, target).transpose(1, 2), target)
        self.log("train_loss", loss.item())
        return loss

    def on_validation_start(self):
        self.val_loss, self.val_right, self.val_n = 0.0, 0, 0

    def validation_step(self, batch, batch_idx):
        source, target = batch
        logits = self(source, target)
        self.val_loss += F.cross_entropy(logits.transpose(1, 2), target, reduction="sum") / target.shape[1]
        self.val_right += (logits.argmax(-1) == target).all(1).sum().item()
        self.val_n += len(source)

    def on_validation_end(self):
        self.log("val_loss", float(self.val_loss) / self.val_n)
        self.log("val_exact", self.val_right / self.val_n)

    def log(self, name, value):
        self.logged[name] = value
