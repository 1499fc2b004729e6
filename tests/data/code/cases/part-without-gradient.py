#%% buggy: encoder under no_grad
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(20, 16)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        with torch.no_grad():
            h = self.encoder(x).relu()  # BUG
        return self.head(h)

net = Pair()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: detached between two models
enc, dec = nn.Linear(20, 16), nn.Linear(16, 5)
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=1e-3)
for x, y in loader:
    code = enc(x).detach()  # BUG
    loss = F.cross_entropy(dec(code), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: straight through
class Quantised(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(20, 16)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        h = self.encoder(x)
        q = h + (h.round() - h).detach()
        return self.head(q)

net = Quantised()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: frozen openly
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(20, 16)
        self.encoder.requires_grad_(False)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        with torch.no_grad():
            h = self.encoder(x).relu()
        return self.head(h)

net = Pair()
opt = torch.optim.Adam(net.head.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: adversarial
netG, netD = nn.Linear(8, 20), nn.Linear(20, 1)
optG = torch.optim.Adam(netG.parameters(), lr=1e-3)
optD = torch.optim.Adam(netD.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for x, _ in loader:
    fake = netG(torch.randn(len(x), 8))
    d = bce(netD(x), torch.ones(len(x), 1)) + bce(netD(fake.detach()), torch.zeros(len(x), 1))
    optD.zero_grad()
    d.backward()
    optD.step()
    g = bce(netD(fake), torch.ones(len(x), 1))
    optG.zero_grad()
    g.backward()
    optG.step()
