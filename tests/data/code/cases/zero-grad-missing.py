#%% buggy: plain loop
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()  # BUG
        optimizer.step()
#%% buggy: cleared once per epoch only
from torch import optim
net = Net()
opt = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
for epoch in range(3):
    opt.zero_grad()
    for batch in loader:
        inputs, labels = batch
        out = net(inputs)
        F.cross_entropy(out, labels).backward()  # BUG
        opt.step()
#%% buggy: trainer class with a step method
class Trainer:
    def __init__(self, model, lr=1e-3):
        self.model = model
        self.optim = torch.optim.AdamW(self.model.parameters(), lr=lr)
        self.loss_fn = nn.CrossEntropyLoss()

    def train_step(self, x, y):
        loss = self.loss_fn(self.model(x), y)
        loss.backward()  # BUG
        self.optim.step()
        return loss.item()

    def fit(self, loader, epochs):
        for _ in range(epochs):
            for x, y in loader:
                self.train_step(x, y)

Trainer(Net()).fit(loader, 5)
#%% buggy: library style, optimizer as a parameter
def train(model, loader, optimizer, device):
    model.train()
    for data, target in loader:
        data, target = data.to(device), target.to(device)
        loss = F.cross_entropy(model(data), target)
        loss.backward()  # BUG
        optimizer.step()
#%% buggy: gan that clears only the generator
G, D = nn.Linear(8, 20), nn.Linear(20, 1)
opt_g = torch.optim.Adam(G.parameters(), 2e-4)
opt_d = torch.optim.Adam(D.parameters(), 2e-4)
bce = nn.BCEWithLogitsLoss()
for real, _ in loader:
    noise = torch.randn(real.size(0), 8)
    d_loss = bce(D(real), torch.ones(real.size(0), 1)) + bce(D(G(noise).detach()), torch.zeros(real.size(0), 1))
    d_loss.backward()
    opt_d.step()  # BUG
    opt_g.zero_grad()
    g_loss = bce(D(G(noise)), torch.ones(real.size(0), 1))
    g_loss.backward()
    opt_g.step()
#%% correct: plain loop
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
#%% correct: cleared at the end of the pass by the model
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    model.zero_grad(set_to_none=True)
#%% correct: set to None by hand
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    for p in model.parameters():
        p.grad = None
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
#%% correct: helper function and accumulation
def update(optimizer, scaler=None):
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)

model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(model(x), y) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        update(optimizer)
#%% correct: optimizers in a list
model = Net()
optimizers = [torch.optim.Adam(model.body.parameters(), lr=1e-3), torch.optim.SGD(model.head.parameters(), lr=0.1)]
for x, y in loader:
    for opt in optimizers:
        opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    for opt in optimizers:
        opt.step()
#%% correct: an engine does it
import deepspeed
engine, _, _, _ = deepspeed.initialize(model=Net(), config="ds.json")
for x, y in loader:
    loss = F.cross_entropy(engine(x), y)
    engine.backward(loss)
    engine.step()
#%% correct: lightning
import lightning as L
class Lit(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = Net()
    def training_step(self, batch, batch_idx):
        x, y = batch
        return F.cross_entropy(self.net(x), y)
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)
L.Trainer(max_epochs=2).fit(Lit(), loader)
#%% correct: closure
model = Net()
optimizer = torch.optim.LBFGS(model.parameters())
for x, y in loader:
    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss
    optimizer.step(closure)
