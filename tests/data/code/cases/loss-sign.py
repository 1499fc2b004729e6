#%% buggy: minus
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    loss = -F.cross_entropy(model(x), y)
    loss.backward()  # BUG
    o.step()
#%% buggy: times -1
model = nn.Linear(20, 1)
crit = nn.MSELoss()
o = torch.optim.SGD(model.parameters(), lr=0.01)
for x, y in loader:
    o.zero_grad()
    loss = -1 * crit(model(x).squeeze(1), y.float())
    loss.backward()  # BUG
    o.step()
#%% buggy: function
def train(net, opt):
    for x, y in loader:
        opt.zero_grad()
        (-F.nll_loss(F.log_softmax(net(x), 1), y)).backward()  # BUG
        opt.step()
net = Net()
train(net, torch.optim.Adam(net.parameters()))
#%% correct: no sign
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: minus a log-likelihood
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    logp = F.log_softmax(model(x), 1)
    (-logp.gather(1, y[:, None]).mean()).backward()
    o.step()
#%% correct: maximised
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3, maximize=True)
for x, y in loader:
    o.zero_grad()
    (-F.cross_entropy(model(x), y)).backward()
    o.step()
