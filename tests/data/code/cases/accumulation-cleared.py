#%% buggy: plain loop
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    opt.zero_grad()  # BUG
    loss = F.cross_entropy(net(x), y) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        opt.step()
#%% buggy: class, cleared after backward of the step
class Fit:
    def __init__(self, net, every):
        self.net, self.every = net, every
        self.opt = torch.optim.SGD(net.parameters(), lr=0.1)
        self.seen = 0

    def epoch(self):
        self.net.train()
        for x, y in loader:
            self.opt.zero_grad()  # BUG
            (F.cross_entropy(self.net(x), y) / self.every).backward()
            self.seen += 1
            if self.seen % self.every == 0:
                self.opt.step()

Fit(Net(), 8).epoch()
#%% correct: cleared with the step
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
opt.zero_grad()
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(net(x), y) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        opt.step()
        opt.zero_grad()
#%% correct: logging every hundredth step
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    opt.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    opt.step()
    if i % 100 == 0:
        print(loss.item())
