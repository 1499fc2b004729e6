#%% buggy: param groups
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        for group in o.param_groups:
            group["lr"] *= 0.95  # BUG
#%% buggy: first group
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        o.zero_grad()
        loss.backward()
        o.param_groups[0]["lr"] *= 0.99  # BUG
        o.step()
#%% buggy: helper
def decay(opt, factor):
    for g in opt.param_groups:
        g['lr'] *= factor  # BUG

model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        decay(o, 0.9)
#%% correct: per epoch
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    for group in o.param_groups:
        group["lr"] *= 0.95
#%% correct: under a condition
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for i, (x, y) in enumerate(loader):
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
        if i % 1000 == 999:
            for group in o.param_groups:
                group["lr"] *= 0.5
#%% correct: set, not multiplied
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for i, (x, y) in enumerate(loader):
        for group in o.param_groups:
            group["lr"] = 0.1 * 0.5 ** epoch
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
