#%% buggy: between backward and step
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.zero_grad()  # BUG
    optimizer.step()
#%% buggy: the model's zero_grad, after clipping
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    model.zero_grad()  # BUG
    opt.step()
#%% buggy: in a method
class Learner:
    def __init__(self):
        self.net = Net()
        self.opt = torch.optim.RMSprop(self.net.parameters(), lr=1e-3)
    def learn(self, x, y):
        loss = F.cross_entropy(self.net(x), y)
        loss.backward()
        self.opt.zero_grad(set_to_none=True)  # BUG
        self.opt.step()
        return float(loss)
learner = Learner()
for x, y in loader:
    learner.learn(x, y)
#%% correct: before backward
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
#%% correct: another optimizer is cleared in between
G, D = nn.Linear(8, 20), nn.Linear(20, 1)
opt_g = torch.optim.Adam(G.parameters(), 2e-4)
opt_d = torch.optim.Adam(D.parameters(), 2e-4)
for real, _ in loader:
    opt_d.zero_grad()
    loss = F.softplus(-D(real)).mean() + F.softplus(D(G(torch.randn(4, 8)).detach())).mean()
    loss.backward()
    opt_g.zero_grad()
    opt_d.step()
    F.softplus(-D(G(torch.randn(4, 8)))).mean().backward()
    opt_g.step()
#%% correct: step then clear
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    optimizer.zero_grad()
