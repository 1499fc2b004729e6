#%% buggy: module
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss(ignore_index=0)  # BUG
for x, y in loader:
    loss = criterion(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: function
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y, ignore_index=4)  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: default value
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y, ignore_index=-100)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: padding
PAD = 0
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y, ignore_index=PAD)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: no class
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y, ignore_index=255)
    opt.zero_grad()
    loss.backward()
    opt.step()
