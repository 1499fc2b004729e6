#%% buggy: in the call
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    p = torch.sigmoid(model(x))  # BUG
    F.binary_cross_entropy_with_logits(p, y.float().unsqueeze(1)).backward()
    o.step()
#%% buggy: Sequential
model = nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())  # BUG
crit = nn.BCEWithLogitsLoss()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x).squeeze(-1), y.float()).backward()
    o.step()
#%% buggy: method, squeezed
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 1)
        self.criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))
    def forward(self, x):
        return self.fc(x).sigmoid().squeeze(1)  # BUG
    def loss(self, x, y):
        return self.criterion(self(x), y.float())
m = M()
o = torch.optim.Adam(m.parameters())
for x, y in loader:
    o.zero_grad()
    m.loss(x, y).backward()
    o.step()
#%% correct: BCELoss with sigmoid
model = nn.Sequential(nn.Linear(20, 1), nn.Sigmoid())
crit = nn.BCELoss()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x).squeeze(-1), y.float()).backward()
    o.step()
#%% correct: logits in the loss, sigmoid for the metric
model = nn.Linear(20, 1)
crit = nn.BCEWithLogitsLoss()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    logit = model(x).squeeze(1)
    crit(logit, y.float()).backward()
    o.step()
    print((torch.sigmoid(logit) > 0.5).float().mean().item())
#%% correct: a gate inside
class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.g, self.v = nn.Linear(20, 1), nn.Linear(20, 1)
    def forward(self, x):
        return torch.sigmoid(self.g(x)) * self.v(x)
m = Gated()
o = torch.optim.Adam(m.parameters())
for x, y in loader:
    o.zero_grad()
    F.binary_cross_entropy_with_logits(m(x), y.float()[:, None]).backward()
    o.step()
