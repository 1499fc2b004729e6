#%% buggy: attention
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(20, 20), nn.Linear(20, 20), nn.Linear(20, 20)
    def forward(self, x):
        scores = self.q(x) @ self.k(x).transpose(-1, -2)
        e = torch.exp(scores)
        weights = e / e.sum(dim=-1, keepdim=True)  # BUG
        return weights @ self.v(x)
#%% buggy: log of summed exponentials
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    logits = model(x)
    picked = logits[torch.arange(len(y)), y]
    loss = (torch.log(torch.exp(logits).sum(1)) - picked).mean()  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: softplus
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = torch.log(1 + torch.exp(model(x))).mean()  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: maximum subtracted
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    logits = model(x)
    e = torch.exp(logits - logits.max(dim=1, keepdim=True).values)
    p = e / e.sum(1, keepdim=True)
    o.zero_grad()
    (p * p).sum(1).mean().backward()
    o.step()
#%% correct: contrast of normalised vectors
model = nn.Linear(20, 8)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = F.normalize(model(x), dim=1)
    e = torch.exp(z @ z.t() / 0.1)
    loss = -(e / e.sum(1, keepdim=True)).diagonal().mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: logsumexp
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    logits = model(x)
    loss = (torch.logsumexp(logits, 1) - logits[torch.arange(len(y)), y]).mean()
    o.zero_grad()
    loss.backward()
    o.step()
