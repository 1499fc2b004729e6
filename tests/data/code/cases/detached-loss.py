#%% buggy: from numpy
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    pred = torch.from_numpy(model(x).detach().numpy())
    loss = F.cross_entropy(pred, y)
    loss.backward()  # BUG
    o.step()
#%% buggy: argmax
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
crit = nn.MSELoss()
for x, y in loader:
    o.zero_grad()
    pred = model(x).argmax(dim=1).float()
    loss = crit(pred, y.float())
    loss.backward()  # BUG
    o.step()
#%% buggy: data
model = nn.Linear(20, 1)
o = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    out = model(x).data
    o.zero_grad()
    loss = F.mse_loss(out.squeeze(1), y.float())
    loss.backward()  # BUG
    o.step()
#%% buggy: values of a network out of sight
#% file: train.py
import torch
import numpy as np

class DQN:
    def learn(self, batch):
        s, a, r, s2, d = batch
        q = self.net(s).detach().gather(1, a)
        with torch.no_grad():
            target = r + 0.99 * self.target(s2).max(1, keepdim=True)[0] * (1 - d)
        loss = torch.nn.functional.mse_loss(q, target)
        self.optimizer.zero_grad()
        loss.backward()  # BUG
        self.optimizer.step()
#%% correct: detached target
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    with torch.no_grad():
        target = model(x).argmax(1)
    F.cross_entropy(model(x), target).backward()
    o.step()
#%% correct: straight through
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    q = z + (z.round() - z).detach()
    o.zero_grad()
    F.cross_entropy(q, y).backward()
    o.step()
#%% correct: one part detached
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    o.zero_grad()
    loss = F.cross_entropy(z, y) + 0.1 * F.mse_loss(z.detach(), torch.zeros_like(z))
    loss.backward()
    o.step()
#%% correct: values of a network out of sight
#% file: train.py
import torch
import numpy as np

class DQN:
    def learn(self, batch):
        s, a, r, s2, d = batch
        q = self.net(s).gather(1, a)
        with torch.no_grad():
            target = r + 0.99 * self.target(s2).max(1, keepdim=True)[0] * (1 - d)
        loss = torch.nn.functional.mse_loss(q, target)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
