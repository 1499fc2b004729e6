#%% buggy: class
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 32)  # BUG
        self.out = nn.Linear(32, 2)
    def forward(self, x):
        z, _ = self.lstm(x)
        return self.out(z[:, -1])

Tagger()(torch.randn(16, 50, 8))
#%% buggy: keyword false
rnn = nn.GRU(8, 32, num_layers=2, batch_first=False)  # BUG
head = nn.Linear(32, 2)
out, h = rnn(torch.randn(16, 50, 8))
print(head(out[:, -1, :]))
#%% buggy: dropout between
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.drop, self.out = nn.Embedding(50, 8), nn.Dropout(0.1), nn.Linear(64, 2)
        self.rnn = nn.LSTM(8, 32, bidirectional=True)  # BUG
    def forward(self, x):
        z = self.drop(self.rnn(self.embed(x))[0])
        return self.out(z[:, -1, :])

Tagger()(torch.randint(0, 50, (16, 30)))
#%% buggy: viewed by the batch
#% file: train.py
import torch
import torch.nn as nn

class SentimentRNN(nn.Module):
    def __init__(self, vocab_size, emb, hidden, layers, drop=0.5):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, emb)
        self.lstm = nn.LSTM(emb, hidden, layers, dropout=drop)  # BUG
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x, hidden):
        batch_size = x.size(0)
        embeds = self.embedding(x)
        lstm_out, hidden = self.lstm(embeds, hidden)
        lstm_out = lstm_out.contiguous().view(-1, 256)
        out = self.fc(self.dropout(lstm_out))
        sig_out = torch.sigmoid(out).view(batch_size, -1)[:, -1]
        return sig_out, hidden
#%% correct: batch first
rnn, head = nn.GRU(8, 32, batch_first=True), nn.Linear(32, 2)
out, h = rnn(torch.randn(16, 50, 8))
print(head(out[:, -1]))
#%% correct: time first
rnn, head = nn.GRU(8, 32), nn.Linear(32, 2)
out, h = rnn(torch.randn(50, 16, 8))
print(head(out[-1]))
#%% correct: put back
rnn, head = nn.GRU(8, 32), nn.Linear(32, 2)
out, h = rnn(torch.randn(16, 50, 8).transpose(0, 1))
print(head(out.transpose(0, 1)[:, -1]))
#%% correct: viewed by the batch
#% file: train.py
import torch
import torch.nn as nn

class SentimentRNN(nn.Module):
    def __init__(self, vocab_size, emb, hidden, layers, drop=0.5):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, emb)
        self.lstm = nn.LSTM(emb, hidden, layers, dropout=drop, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x, hidden):
        batch_size = x.size(0)
        embeds = self.embedding(x)
        lstm_out, hidden = self.lstm(embeds, hidden)
        lstm_out = lstm_out.contiguous().view(-1, 256)
        out = self.fc(self.dropout(lstm_out))
        sig_out = torch.sigmoid(out).view(batch_size, -1)[:, -1]
        return sig_out, hidden
