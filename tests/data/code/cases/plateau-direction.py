#%% buggy: max with a loss
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="max", patience=2)
for epoch in range(10):
    for x, y in loader:
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    val_loss = loss.item()
    sched.step(val_loss)  # BUG
#%% buggy: the default with an accuracy
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt)
for epoch in range(10):
    for x, y in loader:
        out = net(x)
        loss = F.cross_entropy(out, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    metrics = {"accuracy": (out.argmax(1) == y).float().mean().item()}
    sched.step(metrics["accuracy"])  # BUG
#%% correct: fitting modes
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="min", patience=2)
for epoch in range(10):
    for x, y in loader:
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    val_loss = loss.item()
    sched.step(val_loss)
