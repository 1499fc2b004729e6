#%% buggy: cuda default
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    with torch.autocast("cuda"):
        loss = F.cross_entropy(model(x), y)
    loss.backward()  # BUG
    o.step()
#%% buggy: old name
from torch.cuda.amp import autocast
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    with autocast():
        out = model(x)
        loss = F.cross_entropy(out, y)
    o.zero_grad()
    loss.backward()  # BUG
    o.step()
#%% buggy: float16 by name
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
def step(x, y):
    o.zero_grad()
    with torch.autocast(device_type="cuda", dtype=torch.float16):
        loss = F.cross_entropy(model(x), y)
    loss.backward()  # BUG
    o.step()
for x, y in loader:
    step(x, y)
#%% correct: bfloat16
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        loss = F.cross_entropy(model(x), y)
    loss.backward()
    o.step()
#%% correct: processor
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    with torch.autocast("cpu"):
        loss = F.cross_entropy(model(x), y)
    loss.backward()
    o.step()
#%% correct: with a scaler
model = nn.Linear(20, 5).cuda()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.cuda.amp.GradScaler()
for x, y in loader:
    o.zero_grad()
    with torch.autocast("cuda"):
        loss = F.cross_entropy(model(x), y)
    scaler.scale(loss).backward()
    scaler.step(o)
    scaler.update()
