#%% buggy: advantages
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    rewards = (y == 1).float()
    advantages = (rewards - rewards.mean()) / rewards.std()  # BUG
    loss = (F.cross_entropy(policy(x), y, reduction="none") * advantages).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: in a helper, by group
def standardise(r):
    return (r - r.mean(dim=1, keepdim=True)) / r.std(dim=1, keepdim=True)  # BUG

policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    a = standardise((y == 2).float().view(8, 4)).flatten()
    loss = (F.cross_entropy(policy(x), y, reduction="none") * a).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: outputs of the model
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    z = (z - z.mean(0)) / z.std(0)  # BUG
    o.zero_grad()
    (z ** 3).mean().backward()
    o.step()
#%% correct: small number added
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    rewards = (y == 1).float()
    advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-8)
    loss = (F.cross_entropy(policy(x), y, reduction="none") * advantages).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: clamped
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    rewards = (y == 1).float()
    advantages = (rewards - rewards.mean()) / rewards.std().clamp(min=1e-6)
    loss = (F.cross_entropy(policy(x), y, reduction="none") * advantages).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: data once before training
table = torch.randn(500, 20)
table = (table - table.mean(0)) / table.std(0)
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in DataLoader(TensorDataset(table, torch.randint(0, 5, (500,))), batch_size=50, shuffle=True):
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
