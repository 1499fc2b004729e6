#%% buggy: step
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step  # BUG
#%% buggy: zero_grad
class Fit:
    def __init__(self):
        self.net = Net()
        self.opt = torch.optim.Adam(self.net.parameters(), lr=1e-3)

    def run(self):
        for x, y in loader:
            self.opt.zero_grad  # BUG
            F.cross_entropy(self.net(x), y).backward()
            self.opt.step()

Fit().run()
#%% correct: called
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
    take = opt.step
print(take)
