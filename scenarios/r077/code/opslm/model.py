from torch import nn

from .vocab import PAD


class GRULanguageModel(nn.Module):
    def __init__(self, vocab_size, emb_dim, hidden, layers, dropout):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, emb_dim, padding_idx=PAD)
        self.gru = nn.GRU(emb_dim, hidden, layers, batch_first=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.decoder = nn.Linear(hidden, vocab_size)

    def forward(self, ids):
        states, _ = self.gru(self.dropout(self.embedding(ids)))
        return self.decoder(self.dropout(states))
