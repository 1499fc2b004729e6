#%% buggy: optimizer built again
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=3)  # BUG
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for epoch in range(10):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    sched.step()
#%% buggy: mixed up
net = Net()
warm = torch.optim.SGD(net.parameters(), lr=0.1)
main = torch.optim.AdamW(net.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(warm, T_max=10)  # BUG
for epoch in range(10):
    for x, y in loader:
        main.zero_grad()
        F.cross_entropy(net(x), y).backward()
        main.step()
    sched.step()
#%% correct: its own
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=3)
for epoch in range(10):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    sched.step()
#%% correct: one optimizer per fold
def fold():
    net = Net()
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
    sched = torch.optim.lr_scheduler.StepLR(opt, step_size=3)
    for epoch in range(10):
        for x, y in loader:
            opt.zero_grad()
            F.cross_entropy(net(x), y).backward()
            opt.step()
        sched.step()

fold()
fold()
