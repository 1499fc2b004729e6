#%% buggy: growing
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.ExponentialLR(o, gamma=1.05)  # BUG
for epoch in range(5):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
#%% buggy: a tenth every epoch
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, step_size=1, gamma=0.1)  # BUG
for epoch in range(50):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
#%% buggy: all warm-up
from transformers import get_linear_schedule_with_warmup
model = nn.Linear(20, 5)
o = torch.optim.AdamW(model.parameters(), lr=1e-4)
s = get_linear_schedule_with_warmup(o, num_warmup_steps=1000, num_training_steps=500)  # BUG
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
    s.step()
#%% correct: decay per epoch
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.95)
for epoch in range(5):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
#%% correct: a tenth every thirty epochs
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.StepLR(o, step_size=30, gamma=0.1)
for epoch in range(90):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    s.step()
#%% correct: short warm-up
from transformers import get_linear_schedule_with_warmup
model = nn.Linear(20, 5)
o = torch.optim.AdamW(model.parameters(), lr=1e-4)
s = get_linear_schedule_with_warmup(o, num_warmup_steps=100, num_training_steps=5000)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
    s.step()
