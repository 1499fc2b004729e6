#%% buggy: sequential
model = nn.Sequential(
    nn.Linear(20, 64),
    nn.ReLU(),
    nn.Linear(128, 5),  # BUG
)
model(torch.randn(4, 20))
#%% buggy: attributes
class M(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.a = nn.Linear(20, hidden)
        self.b = nn.Linear(64, 5)  # BUG
    def forward(self, x):
        return self.b(F.dropout(F.relu(self.a(x)), 0.1, self.training))

M()(torch.randn(4, 20))
#%% buggy: channels
net = nn.Sequential(
    nn.Conv2d(3, 16, 3),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 3),  # BUG
)
net(torch.randn(1, 3, 32, 32))
#%% correct: equal
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
model(torch.randn(4, 20))
#%% correct: joined with something
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(20, 32), nn.Linear(52, 5)
    def forward(self, x):
        return self.b(torch.cat([self.a(x), x], dim=1))

M()(torch.randn(4, 20))
#%% correct: flattened between
net = nn.Sequential(nn.Linear(20, 8), nn.Flatten(), nn.Linear(80, 5))
net(torch.randn(4, 10, 20))
#%% buggy: image size after pooling
net = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(32 * 7 * 7, 10),  # BUG
)
images = TensorDataset(torch.randn(100, 3, 32, 32), torch.randint(0, 10, (100,)))
for x, y in DataLoader(images, batch_size=10, shuffle=True):
    net(x)
#%% correct: image size after pooling
net = nn.Sequential(
    nn.Conv2d(1, 16, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 6 * 6, 10))
images = TensorDataset(torch.randn(100, 1, 28, 28), torch.randint(0, 10, (100,)))
for x, y in DataLoader(images, batch_size=10, shuffle=True):
    net(x)
