#%% buggy: columns stacked
import numpy as np
age, income, share = np.random.uniform(18, 90, 2000), np.random.normal(60000, 20000, 2000), np.random.rand(2000)
x = torch.tensor(np.column_stack([age, income, share]), dtype=torch.float32)  # BUG
y = torch.randint(0, 2, (2000,))
model = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 2))
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for a, b in DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True):
    loss = F.cross_entropy(model(a), b)
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: torch columns
area, distance = torch.rand(1000) * 200, torch.rand(1000) * 50000
table = torch.stack([area, distance], dim=1)  # BUG
price = torch.randn(1000, 1)
model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(500):
    rows = torch.randint(0, 1000, (64,))
    loss = F.mse_loss(model(table[rows]), price[rows])
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: rows of a generator
import random

def rows(n):
    r = random.Random(1)
    for _ in range(n):
        yield [r.uniform(0, 1), r.uniform(0, 40000)]

x = torch.tensor(list(rows(1000)))  # BUG
y = torch.randn(1000, 1)
model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(500):
    i = torch.randint(0, 1000, (32,))
    loss = F.mse_loss(model(x[i]), y[i])
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: standardised
area, distance = torch.rand(1000) * 200, torch.rand(1000) * 50000
table = torch.stack([area, distance], dim=1)
table = (table - table[:800].mean(0)) / (table[:800].std(0) + 1e-8)
price = torch.randn(1000, 1)
model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(500):
    rows = torch.randint(0, 800, (64,))
    loss = F.mse_loss(model(table[rows]), price[rows])
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: alike
one, two = torch.rand(1000) * 2, torch.randn(1000)
table = torch.stack([one, two], dim=1)
price = torch.randn(1000, 1)
model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(500):
    rows = torch.randint(0, 1000, (64,))
    loss = F.mse_loss(model(table[rows]), price[rows])
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: batch norm first
area, distance = torch.rand(1000) * 200, torch.rand(1000) * 50000
table = torch.stack([area, distance], dim=1)
price = torch.randn(1000, 1)
model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(500):
    rows = torch.randint(0, 1000, (64,))
    loss = F.mse_loss(model(table[rows]), price[rows])
    o.zero_grad()
    loss.backward()
    o.step()
