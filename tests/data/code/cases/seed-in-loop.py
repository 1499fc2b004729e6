#%% buggy: each epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    torch.manual_seed(0)  # BUG
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% buggy: helper in the step
import numpy as np
def train(model, o, loader):
    for x, y in loader:
        np.random.seed(1234)  # BUG
        x = x + torch.from_numpy(np.random.normal(size=20))
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% buggy: from the settings
def fit(cfg, model, opt):
    for epoch in range(cfg.epochs):
        torch.manual_seed(cfg.seed)  # BUG
        for x, y in loader:
            opt.zero_grad()
            F.cross_entropy(model(x), y).backward()
            opt.step()
#%% correct: once
torch.manual_seed(0)
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: depends on the epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    torch.manual_seed(epoch)
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% correct: one seed per experiment
for lr in (1e-3, 1e-4):
    torch.manual_seed(0)
    model = Net()
    o = torch.optim.Adam(model.parameters(), lr=lr)
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
