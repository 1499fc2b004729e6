import torch
from torch import nn


class StitchLSTM(nn.Module):
    def __init__(self, vocabulary, embed, hidden, layers, dropout):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, embed)
        self.lstm = nn.LSTM(embed, hidden, layers, dropout=dropout if layers > 1 else 0.0)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, vocabulary)

    def forward(self, tokens, state=None):
        states, state = self.lstm(self.drop(self.embed(tokens)), state)
        return self.out(self.drop(states)), tuple(part.detach() for part in state)


@torch.no_grad()
def perplexity(model, data, bptt=32):
    """Over (time, columns) of token ids, the state carried from piece to piece."""
    model.eval()
    state, total, count = None, 0.0, 0
    for start in range(0, len(data) - 1, bptt):
        piece = data[start : start + bptt + 1]
        logits, state = model(piece[:-1], state)
        total += nn.functional.cross_entropy(logits.flatten(0, 1), piece[1:].flatten(), reduction="sum").item()
        count += piece[1:].numel()
    model.train()
    return float(torch.tensor(total / count).exp())
