#%% buggy: endless batches
import itertools
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
batches = itertools.cycle(loader)  # BUG
for step in range(10000):
    x, y = next(batches)
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: the shorter of two loaders
from itertools import cycle
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
unlabelled = DataLoader(data, batch_size=8, shuffle=True)
for (x, y), (u, _) in zip(cycle(loader), unlabelled):  # BUG
    loss = F.cross_entropy(model(x), y) + model(u).pow(2).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: started anew
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
def endless(loader):
    while True:
        yield from loader
batches = endless(loader)
for step in range(10000):
    x, y = next(batches)
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: a cycle of colours
import itertools
model = Net()
colours = itertools.cycle(["red", "blue"])
print(next(colours))
