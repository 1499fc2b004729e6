#%% buggy: linear output
model = nn.Linear(20, 1)
crit = nn.BCELoss()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x).squeeze(1), y.float()).backward()  # BUG
    o.step()
#%% buggy: functional
model = nn.Sequential(nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 1))
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    out = model(x)
    loss = F.binary_cross_entropy(out, y.float().view(-1, 1))  # BUG
    loss.backward()
    o.step()
#%% buggy: class
class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(20, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    def forward(self, x):
        return self.net(x).view(-1)
d = D()
bce = nn.BCELoss()
o = torch.optim.Adam(d.parameters())
for x, _ in loader:
    o.zero_grad()
    bce(d(x), torch.ones(x.size(0))).backward()  # BUG
    o.step()
#%% correct: sigmoid in the model
model = nn.Sequential(nn.Linear(20, 1), nn.Sigmoid())
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.binary_cross_entropy(model(x).squeeze(1), y.float()).backward()
    o.step()
#%% correct: sigmoid at the call
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.binary_cross_entropy(torch.sigmoid(model(x)).squeeze(1), y.float()).backward()
    o.step()
#%% correct: logits loss
model = nn.Linear(20, 1)
crit = nn.BCEWithLogitsLoss()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    crit(model(x).squeeze(1), y.float()).backward()
    o.step()
