#%% buggy: both bounds 1e-9
model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 1))
o = torch.optim.Adam(model.parameters())
for x, t in loader:
    p = torch.sigmoid(model(x)).squeeze(1)
    p = p.clamp(1e-9, 1 - 1e-9)  # BUG
    loss = -(t * p.log() + (1 - t) * (1 - p).log()).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: a named bound, by keyword
def focal(logits, target):
    prob = torch.clamp(torch.sigmoid(logits), min=1e-12, max=0.999999999)  # BUG
    positive = target * (1 - prob) ** 2 * torch.log(prob)
    negative = (1 - target) * prob**2 * torch.log(1 - prob)
    return -(positive + negative).mean()
model = nn.Linear(20, 1)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = focal(model(x).squeeze(1), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: 1e-6
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters())
for x, t in loader:
    p = torch.sigmoid(model(x)).squeeze(1).clamp(1e-6, 1 - 1e-6)
    loss = -(t * p.log() + (1 - t) * (1 - p).log()).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: in double precision
model = nn.Linear(20, 1).double()
o = torch.optim.Adam(model.parameters())
for x, t in loader:
    p = torch.sigmoid(model(x.double())).double().squeeze(1).clamp(1e-9, 1 - 1e-9)
    loss = -(t * p.log() + (1 - t) * (1 - p).log()).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: only the log of p is taken
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters())
for x, t in loader:
    p = torch.sigmoid(model(x)).squeeze(1).clamp(1e-9, 1 - 1e-9)
    loss = -p.log().mean()
    o.zero_grad()
    loss.backward()
    o.step()
