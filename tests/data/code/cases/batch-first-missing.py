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
