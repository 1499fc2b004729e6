#%% buggy: queue of negatives
class Contrast(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(20, 8)
        self.register_buffer("queue", torch.zeros(1, 8))
    def forward(self, x):
        z = F.normalize(self.net(x), dim=1)
        scores = z @ self.queue.T
        self.queue = torch.cat([self.queue, z.detach()])  # BUG
        return scores
model = Contrast()
o = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = model(x).logsumexp(1).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: a queue of fixed length
class Contrast(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(20, 8)
        self.register_buffer("queue", torch.zeros(1, 8))
    def forward(self, x):
        z = F.normalize(self.net(x), dim=1)
        scores = z @ self.queue.T
        self.queue = torch.cat([self.queue, z.detach()])[-512:]
        return scores
model = Contrast()
o = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = model(x).logsumexp(1).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: cut in a second line
class Contrast(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(20, 8)
        self.register_buffer("queue", torch.zeros(1, 8))
    def forward(self, x):
        z = F.normalize(self.net(x), dim=1)
        scores = z @ self.queue.T
        self.queue = torch.cat([self.queue, z.detach()])
        self.queue = self.queue[-512:]
        return scores
model = Contrast()
o = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = model(x).logsumexp(1).mean()
    o.zero_grad()
    loss.backward()
    o.step()
