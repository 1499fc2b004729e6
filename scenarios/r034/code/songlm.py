import torch
import torch.nn.functional as F
from torch import nn


class SongLM(nn.Module):
    """Recurrent language model with the usual interface: give it labels and it returns the loss as well."""

    def __init__(self, vocab_size, embedding_size, hidden_size, num_layers=1, dropout=0.0, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_size)
        rnn = nn.GRU if cell == "gru" else nn.LSTM
        self.rnn = rnn(embedding_size, hidden_size, num_layers, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.lm_head = nn.Linear(hidden_size, vocab_size)

    def forward(self, input_ids, labels=None, state=None):
        hidden, state = self.rnn(self.dropout(self.embedding(input_ids)), state)
        logits = self.lm_head(self.dropout(hidden))
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits.reshape(-1, logits.size(-1)), labels.reshape(-1))
        return {"loss": loss, "logits": logits, "state": state}

    @torch.no_grad()
    def generate(self, prompt, max_new_tokens, temperature=1.0):
        self.eval()
        out = self(prompt)
        ids = prompt
        for _ in range(max_new_tokens):
            probs = (out["logits"][:, -1] / temperature).softmax(-1)
            new = torch.multinomial(probs, 1)
            ids = torch.cat([ids, new], 1)
            out = self(new, state=out["state"])
        return ids
