#%% buggy: sgd with momentum
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
o = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)  # BUG
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% buggy: adam
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
o = torch.optim.Adam(model.parameters(), 0.05)  # BUG
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% buggy: from a table of settings
settings = {"lr": 5.0, "epochs": 3}
model = nn.Sequential(nn.Linear(20, 64), nn.Tanh(), nn.Linear(64, 5))
o = torch.optim.SGD(model.parameters(), lr=settings["lr"])  # BUG
for epoch in range(settings["epochs"]):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% correct: usual rate
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
o = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: linear model
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=0.05)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: clipped and normalised
model = nn.Sequential(nn.Linear(20, 64), nn.LayerNorm(64), nn.ReLU(), nn.Linear(64, 5))
o = torch.optim.SGD(model.parameters(), lr=0.4, momentum=0.9)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    o.step()
