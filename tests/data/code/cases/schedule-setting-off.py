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
#%% buggy: warm-up and total in each other's place
from transformers import get_linear_schedule_with_warmup

model = Net()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
total_steps = 10 * len(loader)
warmup_steps = total_steps // 10
scheduler = get_linear_schedule_with_warmup(optimizer, total_steps, warmup_steps)  # BUG
for epoch in range(10):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
#%% buggy: a lambda that grows
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
grow = lambda epoch: 1.5 ** epoch
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, grow)  # BUG
for epoch in range(10):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
#%% correct: a lambda that decays, and names in their places
from transformers import get_cosine_schedule_with_warmup

model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
total_steps = 10 * len(loader)
warmup_steps = int(0.1 * total_steps)
scheduler = get_cosine_schedule_with_warmup(optimizer, num_warmup_steps=warmup_steps, num_training_steps=total_steps)
other = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.95 ** epoch)
for epoch in range(10):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    other.step()
#%% buggy: half at every epoch
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.4)  # BUG
for epoch in range(30):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
#%% buggy: as many steps as there are epochs
from transformers import get_linear_schedule_with_warmup

num_epochs = 10
model = Net()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=num_epochs)  # BUG
for epoch in range(num_epochs):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
#%% correct: half at each of two epochs
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
for epoch in range(2):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
