import torch.nn as nn


class WordLSTM(nn.Module):
    def __init__(self, n_words, size, layers, norm=True):
        super().__init__()
        self.embed = nn.Embedding(n_words, size)
        self.lstm = nn.LSTM(size, size, layers, batch_first=True)
        self.norm = nn.LayerNorm(size) if norm else nn.Identity()
        self.project = nn.Linear(size, n_words)

    def forward(self, ids, state=None):
        h, state = self.lstm(self.embed(ids), state)
        return self.project(self.norm(h)), state
