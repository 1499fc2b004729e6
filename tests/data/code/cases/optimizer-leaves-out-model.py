#%% buggy: decoder forgotten
enc, dec = nn.Linear(20, 16), nn.Linear(16, 5)
opt = torch.optim.Adam(enc.parameters(), lr=1e-3)  # BUG
for x, y in loader:
    loss = F.cross_entropy(dec(enc(x).relu()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: a loss with weights
class Centers(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Linear(16, 5, bias=False)

    def forward(self, h, y):
        return F.cross_entropy(self.table(F.normalize(h)), y)

net, criterion = nn.Linear(20, 16), Centers()
opt = torch.optim.AdamW([{"params": net.parameters(), "lr": 1e-3}])  # BUG
for x, y in loader:
    loss = criterion(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: both
enc, dec = nn.Linear(20, 16), nn.Linear(16, 5)
opt = torch.optim.Adam(list(enc.parameters()) + list(dec.parameters()), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(dec(enc(x).relu()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: a teacher
teacher, net = nn.Sequential(nn.Linear(20, 64), nn.Linear(64, 5)), nn.Linear(20, 5)
teacher.requires_grad_(False)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in loader:
    wanted = teacher(x).softmax(-1)
    loss = F.cross_entropy(net(x), wanted)
    opt.zero_grad()
    loss.backward()
    opt.step()
