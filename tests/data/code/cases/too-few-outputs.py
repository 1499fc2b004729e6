#%% buggy: literal classes
x, y = torch.randn(100, 20), torch.randint(0, 10, (100,))
model = nn.Linear(20, 5)  # BUG
F.cross_entropy(model(x), y).backward()
#%% buggy: through a loader
rows = TensorDataset(torch.randn(300, 20), torch.randint(0, 7, (300,)))
model = nn.Sequential(
    nn.Linear(20, 64),
    nn.ReLU(),
    nn.Linear(64, 6),  # BUG
)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in DataLoader(rows, batch_size=30, shuffle=True):
    loss = nn.CrossEntropyLoss()(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: log softmax
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(20, 2)  # BUG
    def forward(self, x):
        return F.log_softmax(self.out(x), dim=1)

F.nll_loss(M()(torch.randn(50, 20)), torch.randint(high=3, size=(50,), low=0)).backward()
#%% correct: one per class
x, y = torch.randn(100, 20), torch.randint(0, 10, (100,))
model = nn.Linear(20, 10)
F.cross_entropy(model(x), y).backward()
#%% correct: more than classes
x, y = torch.randn(100, 20), torch.randint(0, 10, (100,))
model = nn.Linear(20, 16)
F.cross_entropy(model(x), y).backward()
#%% correct: labels mapped
x, y = torch.randn(100, 20), torch.randint(0, 10, (100,))
model = nn.Linear(20, 2)
F.cross_entropy(model(x), y % 2).backward()
