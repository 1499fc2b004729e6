#%% buggy: summed likelihood beside the loss
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
total, seen = 0.0, 0
for x, y in loader:
    out = model(x)
    loss = F.cross_entropy(out, y, label_smoothing=0.1)
    nll = F.cross_entropy(out, y, reduction="sum")
    o.zero_grad()
    loss.backward()
    o.step()
    total += nll  # BUG
    seen += len(y)
    print(float(total) / seen)
#%% buggy: a second error in a list
model = nn.Linear(20, 20)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
errors = []
for epoch in range(3):
    for x, y in loader:
        out = model(x)
        loss = F.mse_loss(out, x)
        o.zero_grad()
        loss.backward()
        o.step()
        errors.append(F.l1_loss(out, x))  # BUG
#%% correct: its number
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
total = 0.0
for x, y in loader:
    out = model(x)
    loss = F.cross_entropy(out, y, label_smoothing=0.1)
    nll = F.cross_entropy(out, y, reduction="sum")
    o.zero_grad()
    loss.backward()
    o.step()
    total += nll.item()
#%% correct: the terms of one loss
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    total = 0.0
    for part, label in zip(x.chunk(2), y.chunk(2)):
        total += F.cross_entropy(model(part), label)
    o.zero_grad()
    total.backward()
    o.step()
