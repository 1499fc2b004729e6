#%% buggy: all nodes
class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(16, 4)
    def forward(self, x, adj):
        return self.a(adj @ x)

x, adj, y, train_mask = torch.randn(50, 16), torch.rand(50, 50), torch.randint(0, 4, (50,)), torch.rand(50) < 0.3
gcn = GCN()
opt = torch.optim.Adam(gcn.parameters(), lr=0.01)

def train():
    opt.zero_grad()
    out = gcn(x, adj)
    loss = F.cross_entropy(out, y)  # BUG
    loss.backward()
    opt.step()

for epoch in range(100):
    train()
    print((gcn(x, adj).argmax(1)[train_mask] == y[train_mask]).float().mean())
#%% correct: masked
class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(16, 4)
    def forward(self, x, adj):
        return self.a(adj @ x)

x, adj, y, train_mask = torch.randn(50, 16), torch.rand(50, 50), torch.randint(0, 4, (50,)), torch.rand(50) < 0.3
gcn = GCN()
opt = torch.optim.Adam(gcn.parameters(), lr=0.01)

def train():
    opt.zero_grad()
    out = gcn(x, adj)
    loss = F.cross_entropy(out[train_mask], y[train_mask])
    loss.backward()
    opt.step()

for epoch in range(100):
    train()
#%% correct: masked before
class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(16, 4)
    def forward(self, x, adj):
        return self.a(adj @ x)

x, adj, y, train_mask = torch.randn(50, 16), torch.rand(50, 50), torch.randint(0, 4, (50,)), torch.rand(50) < 0.3
gcn = GCN()
opt = torch.optim.Adam(gcn.parameters(), lr=0.01)

def train():
    opt.zero_grad()
    out = gcn(x, adj)[train_mask]
    loss = F.cross_entropy(out, y[train_mask])
    loss.backward()
    opt.step()

for epoch in range(100):
    train()
