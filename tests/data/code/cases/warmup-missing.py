#%% buggy: six layers at a high rate
class Clf(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(50, 32)
        self.enc = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 6)
        self.out = nn.Linear(32, 5)
    def forward(self, x):
        return self.out(self.enc(self.emb(x)).mean(1))

model = Clf()
opt = torch.optim.Adam(model.parameters(), lr=8e-3)  # BUG
for x, y in loader:
    loss = F.cross_entropy(model(x.long().abs()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: normalised first
class Clf(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(50, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, 6)
        self.out = nn.Linear(32, 5)
    def forward(self, x):
        return self.out(self.enc(self.emb(x)).mean(1))

model = Clf()
opt = torch.optim.Adam(model.parameters(), lr=8e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x.long().abs()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: a warm-up
class Clf(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(50, 32)
        self.enc = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 6)
        self.out = nn.Linear(32, 5)
    def forward(self, x):
        return self.out(self.enc(self.emb(x)).mean(1))

model = Clf()
opt = torch.optim.Adam(model.parameters(), lr=8e-3)
warmup_steps = 50
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / warmup_steps))
for x, y in loader:
    loss = F.cross_entropy(model(x.long().abs()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
#%% correct: a usual rate
class Clf(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(50, 32)
        self.enc = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2)
        self.out = nn.Linear(32, 5)
    def forward(self, x):
        return self.out(self.enc(self.emb(x)).mean(1))

model = Clf()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x.long().abs()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
