#%% buggy: filtered while frozen
net = Net()
for p in net.body.parameters():
    p.requires_grad = False
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, net.parameters()), lr=1e-3)
for epoch in range(10):
    if epoch == 3:
        for p in net.body.parameters():
            p.requires_grad = True  # BUG
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
#%% buggy: helper
def set_trainable(module, flag):
    for p in module.parameters():
        p.requires_grad_(flag)  # BUG

net = Net()
set_trainable(net.body, False)
opt = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=1e-3)
for epoch in range(10):
    if epoch == 3:
        set_trainable(net.body, True)
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
#%% correct: added
net = Net()
for p in net.body.parameters():
    p.requires_grad = False
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, net.parameters()), lr=1e-3)
for epoch in range(10):
    if epoch == 3:
        for p in net.body.parameters():
            p.requires_grad = True
        opt.add_param_group({"params": net.body.parameters()})
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
