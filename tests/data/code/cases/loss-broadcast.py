#%% buggy: linear output against flat targets
X, y = torch.randn(200, 20), torch.randn(200)
dl = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for a, b in dl:
    o.zero_grad()
    F.mse_loss(model(a), b).backward()  # BUG
    o.step()
#%% buggy: class
class R(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 1))
    def forward(self, x):
        return self.net(x)
crit = nn.L1Loss()
m = R()
o = torch.optim.Adam(m.parameters())
for x, y in loader:
    o.zero_grad()
    loss = crit(m(x), y.float().view(-1))  # BUG
    loss.backward()
    o.step()
#%% buggy: squeezed prediction, column target
X, y = torch.randn(200, 20), torch.randn(200, 1)
dl = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for a, b in dl:
    o.zero_grad()
    F.smooth_l1_loss(model(a).view(-1), b).backward()  # BUG
    o.step()
#%% correct: both flat
X, y = torch.randn(200, 20), torch.randn(200)
dl = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for a, b in dl:
    o.zero_grad()
    F.mse_loss(model(a).squeeze(-1), b).backward()
    o.step()
#%% correct: both columns
X, y = torch.randn(200, 20), torch.randn(200).unsqueeze(1)
dl = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for a, b in dl:
    o.zero_grad()
    F.mse_loss(model(a), b).backward()
    o.step()
#%% correct: several outputs
X, y = torch.randn(200, 20), torch.randn(200, 3)
dl = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
model = nn.Linear(20, 3)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for a, b in dl:
    o.zero_grad()
    nn.MSELoss()(model(a), b).backward()
    o.step()
