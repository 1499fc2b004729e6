#%% buggy: batch of shuffled inputs
x, y = torch.randn(1000, 20), torch.randint(0, 5, (1000,))
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    order = torch.randperm(1000)
    for i in range(0, 1000, 50):
        loss = F.cross_entropy(model(x[order[i:i + 50]]), y[i:i + 50])  # BUG
        o.zero_grad()
        loss.backward()
        o.step()
#%% buggy: data set
import numpy as np
x, y = np.random.rand(1000, 20).astype("float32"), np.random.randint(0, 5, 1000)
order = np.random.permutation(1000)
x = x[order]
data = TensorDataset(torch.from_numpy(x), torch.from_numpy(y))  # BUG
#%% buggy: two orders
x, y = torch.randn(1000, 20), torch.randint(0, 5, (1000,))
data = TensorDataset(x[torch.randperm(1000)], y[torch.randperm(1000)])  # BUG
#%% correct: one order for both
x, y = torch.randn(1000, 20), torch.randint(0, 5, (1000,))
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    order = torch.randperm(1000)
    for i in range(0, 1000, 50):
        rows = order[i:i + 50]
        loss = F.cross_entropy(model(x[rows]), y[rows])
        o.zero_grad()
        loss.backward()
        o.step()
#%% correct: targets from the shuffled inputs
x = torch.randn(1000, 20)
x = x[torch.randperm(1000)]
y = (x.sum(1) > 0).long()
data = TensorDataset(x, y)
#%% correct: mixup
x, y = torch.randn(32, 20), torch.rand(32, 5)
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(100):
    order = torch.randperm(32)
    mixed = 0.7 * x + 0.3 * x[order]
    out = model(mixed)
    loss = 0.7 * F.mse_loss(out, y) + 0.3 * F.mse_loss(out, y[order])
    o.zero_grad()
    loss.backward()
    o.step()
