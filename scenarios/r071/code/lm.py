from torch import nn


class PatternLSTM(nn.Module):
    def __init__(self, tokens, embed=24, hidden=48, layers=1, dropout=0.1):
        super().__init__()
        self.embed = nn.Embedding(tokens, embed)
        self.drop = nn.Dropout(dropout)
        self.lstm = nn.LSTM(embed, hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, tokens)

    def forward(self, ids, state=None):
        h, state = self.lstm(self.drop(self.embed(ids)), state)
        return self.out(self.drop(h)), state
