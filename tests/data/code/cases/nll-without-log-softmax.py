#%% buggy: logits
model = Net()
crit = nn.NLLLoss()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x), y).backward()  # BUG
    o.step()
#%% buggy: softmax
model = Net()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    p = F.softmax(model(x), dim=1)
    F.nll_loss(p, y).backward()  # BUG
    o.step()
#%% buggy: sequential
model = nn.Sequential(nn.Linear(20, 5), nn.Softmax(dim=-1))
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    loss = nn.NLLLoss()(model(x), y)  # BUG
    loss.backward()
    o.step()
#%% correct: log_softmax
model = Net()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.nll_loss(F.log_softmax(model(x), dim=1), y).backward()
    o.step()
#%% correct: layer
model = nn.Sequential(nn.Linear(20, 5), nn.LogSoftmax(dim=1))
crit = nn.NLLLoss()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x), y).backward()
    o.step()
#%% correct: log of clamped softmax
model = Net()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    logp = torch.log(F.softmax(model(x), dim=1).clamp(min=1e-8))
    F.nll_loss(logp, y).backward()
    o.step()
