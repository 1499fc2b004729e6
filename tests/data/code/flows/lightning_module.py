import torch, lightning as L
import torch.nn.functional as F
from torch import nn
class Lit(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(1000, 64)
        self.rnn = nn.LSTM(64, 128, batch_first=True)
        self.out = nn.Linear(128, 1000)
    def forward(self, ids):
        h, _ = self.rnn(self.emb(ids))
        return self.out(h)
    def training_step(self, batch, batch_idx):
        ids = batch["input_ids"]
        logits = self(ids[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, 1000), ids[:, 1:].reshape(-1))
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())
