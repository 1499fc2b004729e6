#%% buggy: running average of the loss
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
running = None
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
    running = loss if running is None else 0.95 * running + 0.05 * loss  # BUG
#%% buggy: smoothed loss in a function
def train(model, loader, o, beta=0.9):
    smooth = 0.0
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        o.zero_grad()
        loss.backward()
        o.step()
        smooth = beta * smooth + (1 - beta) * loss  # BUG
        print(float(smooth))
model = Net()
train(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
#%% correct: average of the number
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
running = None
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
    running = loss.item() if running is None else 0.95 * running + 0.05 * loss.item()
#%% correct: the loss itself in two terms
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    loss = loss + 1e-4 * sum(p.abs().sum() for p in model.parameters())
    o.zero_grad()
    loss.backward()
    o.step()
    total = 0.0
    total = total + float(loss)
#%% correct: a loss rescaled before an engine differentiates it
from accelerate import Accelerator
accelerator = Accelerator()
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
model, o, loader = accelerator.prepare(model, o, loader)
for x, y in loader:
    loss = F.cross_entropy(model(x), y, reduction="sum")
    loss = (loss * accelerator.num_processes) / 32
    accelerator.backward(loss)
    o.step()
    o.zero_grad()
