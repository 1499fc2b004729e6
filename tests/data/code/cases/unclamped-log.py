#%% buggy: hand written binary cross entropy
model = nn.Sequential(nn.Linear(20, 1), nn.Sigmoid())
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    p = model(x).squeeze(1)
    o.zero_grad()
    loss = -(y * torch.log(p)).mean()  # BUG
    loss.backward()
    o.step()
#%% buggy: loss function of unknown predictions
def bce(pred, target):
    pos = target * torch.log(pred)  # BUG
    neg = (1 - target) * torch.log(1.0 - pred)
    return -(pos + neg).mean()
#%% buggy: clamped on one side
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    p = torch.sigmoid(model(x)).clamp(min=1e-7)
    o.zero_grad()
    loss = -((1 - y) * (1 - p).log()).mean()  # BUG
    loss.backward()
    o.step()
#%% buggy: log of softmax
model = Net()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    logp = torch.log(torch.softmax(model(x), dim=-1))  # BUG
    F.nll_loss(logp, y).backward()
    o.step()
#%% correct: clamped
model = nn.Sequential(nn.Linear(20, 1), nn.Sigmoid())
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    p = torch.clamp(model(x), 1e-7, 1 - 1e-7)
    o.zero_grad()
    loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    loss.backward()
    o.step()
#%% correct: eps added
model = nn.Sequential(nn.Linear(20, 1), nn.Sigmoid())
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    p = model(x)
    o.zero_grad()
    loss = -(y * torch.log(p + 1e-8) + (1 - y) * torch.log(1 - p + 1e-8)).mean()
    loss.backward()
    o.step()
#%% correct: entropy for the log only
model = Net()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    logits = model(x)
    o.zero_grad()
    F.cross_entropy(logits, y).backward()
    o.step()
    with torch.no_grad():
        p = logits.softmax(-1)
        print(-(p * torch.log(p)).sum())
