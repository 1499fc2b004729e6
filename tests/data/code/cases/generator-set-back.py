#%% buggy: seed in a helper
generator = torch.Generator()

def noisy(x):
    generator.manual_seed(7)  # BUG
    return x + torch.randn(x.shape, generator=generator)

net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(net(noisy(x)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: a new generator per step
import numpy as np

net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    rng = np.random.default_rng(0)  # BUG
    keep = torch.from_numpy(rng.random(x.shape) > 0.1).float()
    loss = F.cross_entropy(net(x * keep), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: seeded once
import numpy as np

generator = torch.Generator().manual_seed(7)
rng = np.random.default_rng(0)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    x = x + torch.randn(x.shape, generator=generator)
    keep = torch.from_numpy(rng.random(x.shape) > 0.1).float()
    loss = F.cross_entropy(net(x * keep), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: seed of the step
generator = torch.Generator()
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step, (x, y) in enumerate(loader):
    generator.manual_seed(1000 + step)
    loss = F.cross_entropy(net(x + torch.randn(x.shape, generator=generator)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
