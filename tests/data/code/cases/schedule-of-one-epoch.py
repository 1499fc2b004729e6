#%% buggy: len of the loader
from transformers import get_linear_schedule_with_warmup

net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
sched = get_linear_schedule_with_warmup(opt, num_warmup_steps=10, num_training_steps=len(loader))  # BUG
for epoch in range(5):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
        sched.step()
#%% buggy: named
from transformers import get_cosine_schedule_with_warmup

net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
steps_per_epoch = 500 // 32
sched = get_cosine_schedule_with_warmup(opt, 0, num_training_steps=steps_per_epoch)  # BUG
for epoch in range(5):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
        sched.step()
#%% correct: all epochs
from transformers import get_linear_schedule_with_warmup

net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
sched = get_linear_schedule_with_warmup(opt, num_warmup_steps=10, num_training_steps=5 * len(loader))
for epoch in range(5):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
        sched.step()
