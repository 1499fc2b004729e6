#%% buggy: equal
PAD = 0
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    each = F.cross_entropy(net(x), y, reduction="none")
    loss = (each * (y == PAD).float()).sum()  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: module and method
pad_id = 0
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss(reduction="none")
for x, y in loader:
    counts = y.eq(pad_id)
    loss = (criterion(net(x), y) * counts).mean()  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: not equal
PAD = 0
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    each = F.cross_entropy(net(x), y, reduction="none")
    loss = (each * (y != PAD).float()).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
