#%% buggy: elman
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.out = nn.RNN(8, 32, batch_first=True), nn.Linear(32, 2)
    def forward(self, x):
        return self.out(self.rnn(x)[0][:, -1])

model = Tagger()
o = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(100):
    loss = F.cross_entropy(model(torch.randn(16, 50, 8)), torch.randint(0, 2, (16,)))
    o.zero_grad()
    loss.backward()  # BUG
    o.step()
#%% buggy: cell
cell, out = nn.RNNCell(8, 32), nn.Linear(32, 2)
o = torch.optim.Adam([*cell.parameters(), *out.parameters()], lr=1e-3)
for step in range(100):
    h = torch.zeros(16, 32)
    for t in range(50):
        h = cell(torch.randn(16, 8), h)
    loss = F.cross_entropy(out(h), torch.randint(0, 2, (16,)))
    o.zero_grad()
    loss.backward()  # BUG
    o.step()
#%% buggy: helper
def step(model, o, x, y):
    o.zero_grad()
    loss = F.mse_loss(model(x)[0][:, -1], y)
    loss.backward()  # BUG
    o.step()

model = nn.RNN(8, 16, nonlinearity="relu", batch_first=True)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(100):
    step(model, o, torch.randn(4, 30, 8), torch.randn(4, 16))
#%% correct: clipped
model = nn.RNN(8, 16, nonlinearity="relu", batch_first=True)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(100):
    o.zero_grad()
    F.mse_loss(model(torch.randn(4, 30, 8))[0][:, -1], torch.randn(4, 16)).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    o.step()
#%% correct: gated
model = nn.LSTM(8, 16, batch_first=True)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(100):
    o.zero_grad()
    F.mse_loss(model(torch.randn(4, 30, 8))[0][:, -1], torch.randn(4, 16)).backward()
    o.step()
#%% correct: only run
model = nn.RNN(8, 16, batch_first=True)
head = nn.Linear(16, 5)
o = torch.optim.Adam(head.parameters(), lr=1e-3)
with torch.no_grad():
    features = model(torch.randn(100, 30, 8))[0][:, -1]
for _ in range(100):
    o.zero_grad()
    F.cross_entropy(head(features), torch.randint(0, 5, (100,))).backward()
    o.step()
