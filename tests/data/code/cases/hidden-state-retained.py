#%% buggy: lstm in a function
class Notes(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.rnn, self.out = nn.Embedding(50, 32), nn.LSTM(32, 64), nn.Linear(64, 50)
    def forward(self, x, state=None):
        z, state = self.rnn(self.e(x), state)
        return self.out(z), state

def fit(model, chunks, o):
    state = None
    for x, y in chunks:
        o.zero_grad()
        scores, state = model(x, state)  # BUG
        F.cross_entropy(scores.flatten(0, 1), y.flatten()).backward(retain_graph=True)
        o.step()

model = Notes()
fit(model, loader, torch.optim.Adam(model.parameters(), lr=1e-3))
#%% buggy: a forecast by a gru
rnn, head = nn.GRU(20, 64, batch_first=True), nn.Linear(64, 1)
o = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=1e-3)
h = torch.zeros(1, 8, 64)
for x, y in loader:
    z, h = rnn(x.view(8, 4, 20), h)  # BUG
    loss = F.mse_loss(head(z[:, -1]).squeeze(1), y.float())
    o.zero_grad()
    loss.backward(retain_graph=True)
    o.step()
#%% correct: detached
rnn, out = nn.GRU(20, 64, batch_first=True), nn.Linear(64, 5)
o = torch.optim.Adam(list(rnn.parameters()) + list(out.parameters()), lr=1e-3)
h = torch.zeros(1, 8, 64)
for x, y in loader:
    z, h = rnn(x.view(8, 4, 20), h.detach())
    loss = F.cross_entropy(out(z).flatten(0, 1), y)
    o.zero_grad()
    loss.backward()
    o.step()
