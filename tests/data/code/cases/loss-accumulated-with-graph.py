#%% buggy: running total
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    total_loss = 0
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
        total_loss += loss  # BUG
    print(epoch, total_loss / len(loader))
#%% buggy: list
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
history = []
for x, y in loader:
    o.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    o.step()
    history.append(loss)  # BUG
#%% buggy: attribute, weighted
class T:
    def __init__(self):
        self.model = Net()
        self.o = torch.optim.Adam(self.model.parameters())
        self.running = 0.0
    def step(self, x, y):
        self.o.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.o.step()
        self.running += loss * x.size(0)  # BUG
t = T()
for x, y in loader:
    t.step(x, y)
#%% correct: item
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
total, losses = 0.0, []
for x, y in loader:
    o.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    o.step()
    total += loss.item() * len(x)
    losses.append(float(loss))
#%% correct: detached
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
total = torch.zeros(())
for x, y in loader:
    o.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    o.step()
    total += loss.detach()
#%% correct: the sum is what is differentiated
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = 0
    for part, target in zip(x.chunk(4), y.chunk(4)):
        loss += F.cross_entropy(model(part), target)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: several terms
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    losses = []
    for _ in range(3):
        losses.append(F.cross_entropy(model(x), y))
    o.zero_grad()
    torch.stack(losses).mean().backward()
    o.step()
