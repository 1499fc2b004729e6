import torch
from torch import nn
from torch.nn import functional as F


class EventGRU(nn.Module):
    def __init__(self, codes, hidden):
        super().__init__()
        self.embedding = nn.Embedding(codes, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.next_code = nn.Linear(hidden, codes)

    def forward(self, rows):
        states, _ = self.gru(self.embedding(rows))
        return self.next_code(self.norm(states))

    def window_losses(self, rows):
        """The mean loss of each window, shape (windows,)."""
        logits = self(rows[:, :-1])
        return F.cross_entropy(logits.transpose(1, 2), rows[:, 1:], reduction="none").mean(1)


class Revision:
    """Windows that went much worse than the rest of their batch come again with the next one."""

    def __init__(self, margin):
        self.margin = margin
        self.rows = None

    def join(self, fresh):
        return fresh if self.rows is None else torch.cat([fresh, self.rows])

    def note(self, rows, losses):
        hard = rows[losses > losses.mean() + self.margin * losses.std()]
        self.rows = hard if self.rows is None else torch.cat([self.rows, hard])
