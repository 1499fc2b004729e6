#%% buggy: last output
from torch.nn.utils.rnn import pad_sequence

class Tone(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.gru, self.fc = nn.Embedding(99, 16), nn.GRU(16, 16, batch_first=True), nn.Linear(16, 2)
    def forward(self, ids):
        out, _ = self.gru(self.emb(ids))
        return self.fc(out[:, -1])  # BUG

tone = Tone()
batch = pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True)
print(tone(batch))
#%% buggy: final state
class Tone(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.rnn, self.fc = nn.Embedding(99, 16), nn.LSTM(16, 16, batch_first=True), nn.Linear(16, 2)
    def forward(self, ids):
        _, (h, _) = self.rnn(self.emb(ids))
        return self.fc(h[-1])  # BUG

def batch(rows, n):
    return torch.tensor([r + [0] * (n - len(r)) for r in rows])

print(Tone()(batch([[1, 2], [3]], 2)))
#%% correct: packed
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

class Tone(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.rnn, self.fc = nn.Embedding(99, 16), nn.LSTM(16, 16, batch_first=True), nn.Linear(16, 2)
    def forward(self, ids, lengths):
        packed = pack_padded_sequence(self.emb(ids), lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.rnn(packed)
        return self.fc(h[-1])

print(Tone()(pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True), torch.tensor([2, 1])))
#%% correct: real last position
from torch.nn.utils.rnn import pad_sequence

class Tone(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.gru, self.fc = nn.Embedding(99, 16), nn.GRU(16, 16, batch_first=True), nn.Linear(16, 2)
    def forward(self, ids, lengths):
        out, _ = self.gru(self.emb(ids))
        return self.fc(out[torch.arange(len(ids)), lengths - 1])

print(Tone()(pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True), torch.tensor([2, 1])))
#%% correct: nothing padded
class Tone(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.gru, self.fc = nn.Embedding(99, 16), nn.GRU(16, 16, batch_first=True), nn.Linear(16, 2)
    def forward(self, ids):
        out, _ = self.gru(self.emb(ids))
        return self.fc(out[:, -1])

print(Tone()(torch.randint(0, 99, (8, 12))))
