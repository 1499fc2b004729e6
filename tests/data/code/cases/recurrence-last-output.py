#%% buggy: last output
class Recall(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(20, 32, batch_first=True)
        self.fc = nn.Linear(32, 5)
    def forward(self, x):
        out, _ = self.rnn(x)  # BUG
        return self.fc(out[:, -1])

model = Recall()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x.view(len(x), 1, 20)), y)
    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
#%% correct: gates
class Recall(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(20, 32, batch_first=True)
        self.fc = nn.Linear(32, 5)
    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])

model = Recall()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x.view(len(x), 1, 20)), y)
    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
