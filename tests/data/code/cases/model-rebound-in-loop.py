#%% buggy: new model each round
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for round in range(3):
    for x, y in loader:
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    new = Net()
    net = new  # BUG
#%% buggy: copy of itself
import copy

def fit():
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(3):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model = copy.deepcopy(model)  # BUG

fit()
#%% correct: optimizer too
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for round in range(3):
    for x, y in loader:
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    net = Net()
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
#%% correct: moved
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for round in range(3):
    for x, y in loader:
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    net = net.to("cpu")
