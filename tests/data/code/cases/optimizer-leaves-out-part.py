#%% buggy: head only
class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Sequential(nn.Linear(20, 32), nn.ReLU()), nn.Linear(32, 5)
    def forward(self, x):
        return self.head(self.encoder(x))

model = Both()
opt = torch.optim.Adam(model.head.parameters(), lr=1e-3)  # BUG
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
#%% buggy: list of two of three
class Three(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.mix, self.out = nn.Linear(20, 32), nn.Linear(32, 32), nn.Linear(32, 5)
    def forward(self, x):
        return self.out(F.relu(self.mix(F.relu(self.embed(x)))))

net = Three()
optimizer = torch.optim.AdamW(list(net.mix.parameters()) + list(net.out.parameters()), lr=1e-3)  # BUG
for epoch in range(3):
    for x, y in loader:
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
#%% buggy: encoder only
class Auto(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode, self.decode = nn.Linear(20, 4), nn.Linear(4, 20)
    def forward(self, x):
        return self.decode(torch.relu(self.encode(x)))

class T:
    def __init__(self):
        self.net = Auto()
        self.opt = torch.optim.SGD(self.net.encode.parameters(), lr=0.01)  # BUG
    def fit(self, batches):
        for x, _ in batches:
            self.opt.zero_grad()
            F.mse_loss(self.net(x), x).backward()
            self.opt.step()
T().fit(loader)
#%% correct: two optimizers
class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Linear(20, 32), nn.Linear(32, 5)
    def forward(self, x):
        return self.head(torch.relu(self.encoder(x)))

model = Both()
one, two = torch.optim.Adam(model.head.parameters(), lr=1e-3), torch.optim.Adam(model.encoder.parameters(), lr=1e-4)
for x, y in loader:
    one.zero_grad()
    two.zero_grad()
    F.cross_entropy(model(x), y).backward()
    one.step()
    two.step()
#%% correct: loaded weights
class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Linear(20, 32), nn.Linear(32, 5)
    def forward(self, x):
        return self.head(torch.relu(self.encoder(x)))

model = Both()
model.encoder.load_state_dict(torch.load("encoder.pt"))
opt = torch.optim.Adam(model.head.parameters(), lr=1e-3)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
#%% correct: groups
class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Linear(20, 32), nn.Linear(32, 5)
    def forward(self, x):
        return self.head(torch.relu(self.encoder(x)))

model = Both()
opt = torch.optim.Adam([{"params": model.encoder.parameters(), "lr": 1e-4}, {"params": model.head.parameters()}], lr=1e-3)
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(model(x), y).backward()
    opt.step()
