import torch
import torch.nn as nn

from bulletins import VOCAB


class GRULM(nn.Module):
    def __init__(self, d=48, layers=1, dropout=0.1):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, d)
        self.drop = nn.Dropout(dropout)
        self.rnn = nn.GRU(d, d, layers, batch_first=True)
        self.decoder = nn.Linear(d, VOCAB)

    def forward(self, words):
        return self.decoder(self.drop(self.rnn(self.drop(self.embed(words)))[0]))
