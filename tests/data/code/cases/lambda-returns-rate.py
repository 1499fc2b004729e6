#%% buggy: function
LR = 3e-4
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=LR)

def rate(step):
    return LR * min(1.0, (step + 1) / 100)

sched = torch.optim.lr_scheduler.LambdaLR(opt, rate)  # BUG
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
    sched.step()
#%% buggy: lambda over a setting
class Settings:
    lr = 1e-3

cfg = Settings()
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=cfg.lr)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lr_lambda=lambda s: cfg.lr * 0.99**s)  # BUG
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
    sched.step()
#%% correct: factor
LR = 3e-4
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=LR)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: max(0.1 * LR, LR * (1 - s / 1000)) / LR)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
    sched.step()
