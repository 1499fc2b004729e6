#%% buggy: lru_cache on the features of a network
import functools
class Cached(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(20, 64), nn.Linear(64, 5)
    @functools.lru_cache(maxsize=None)
    def features(self, x):  # BUG
        return torch.relu(self.body(x))
    def forward(self, x):
        return self.head(self.features(x))
model = Cached()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: a cache of masks by their length
import functools
class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(20, 64), nn.Linear(64, 5)
    @functools.lru_cache(maxsize=None)
    def mask(self, n):
        return torch.ones(n)
    def forward(self, x):
        return self.head(torch.relu(self.body(x)) * self.mask(64))
model = Masked()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
