#%% buggy: plain
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
accum = 8
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(model(x), y)
    loss.backward()  # BUG
    if (i + 1) % accum == 0:
        optimizer.step()
        optimizer.zero_grad()
#%% buggy: with a scaler
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.cuda.amp.GradScaler()
for step, (x, y) in enumerate(loader):
    with torch.cuda.amp.autocast():
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()  # BUG
    if step % 4 == 3:
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
#%% buggy: other divisor
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(model(x), y) / 4  # BUG
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()
#%% correct: divided
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(model(x), y) / 8
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()
#%% correct: sum reduction
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(model(x), y, reduction="sum")
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()
#%% correct: logging every k steps is no accumulation
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    if i % 100 == 0:
        print(loss.item())
#%% correct: accelerate divides
from accelerate import Accelerator
accelerator = Accelerator(gradient_accumulation_steps=4)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x, y in loader:
    with accelerator.accumulate(model):
        loss = F.cross_entropy(model(x), y)
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
#%% buggy: a loop over the micro-batches of a step
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
accum_steps, batches = 8, iter(loader)
for step in range(100):
    for _ in range(accum_steps):
        x, y = next(batches)
        loss = F.cross_entropy(model(x), y)
        loss.backward()  # BUG
    opt.step()
    opt.zero_grad()
#%% correct: a loop over micro-batches that divides
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
accum_steps, batches = 8, iter(loader)
for step in range(100):
    for _ in range(accum_steps):
        x, y = next(batches)
        loss = F.cross_entropy(model(x), y) / accum_steps
        loss.backward()
    opt.step()
    opt.zero_grad()
