#%% buggy: distance
model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    z = model(x)
    o.zero_grad()
    d2 = (z.unsqueeze(0) - z.unsqueeze(1)).pow(2).sum(-1)
    torch.sqrt(d2.clamp(min=0)).mean().backward()  # BUG
    o.step()
#%% buggy: relu
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    loss = F.relu(model(x)).sqrt().mean()  # BUG
    loss.backward()
    o.step()
#%% buggy: variance
model = nn.Linear(20, 8)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    z = model(x)
    var = torch.clamp((z * z).mean(0) - z.mean(0) ** 2, min=0.0)
    o.zero_grad()
    F.relu(1 - torch.sqrt(var)).mean().backward()  # BUG
    o.step()
#%% correct: positive floor
model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    z = model(x)
    o.zero_grad()
    torch.sqrt(z.pow(2).sum(-1).clamp(min=1e-12)).mean().backward()
    o.step()
#%% correct: eps
model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    torch.sqrt(F.relu(model(x)) + 1e-6).mean().backward()
    o.step()
#%% correct: not differentiated
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    o.step()
    print(torch.sqrt(loss.detach().clamp(min=0)))
