#%% buggy: next of iter
train_loader = DataLoader(data, batch_size=32)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(1000):
    x, y = next(iter(train_loader))  # BUG
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: few batches per epoch
import itertools
stream = DataLoader(data, batch_size=32, shuffle=False)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(10):
    for x, y in itertools.islice(stream, 5):  # BUG
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% correct: shuffled
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(1000):
    x, y = next(iter(loader))
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: one iterator
import itertools
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
batches = itertools.chain.from_iterable(itertools.repeat(loader))
for step in range(1000):
    x, y = next(batches)
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: one look before
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
val_loader = DataLoader(data, batch_size=32)
example, _ = next(iter(val_loader))
for x, y in loader:
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
