#%% buggy: functional
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 5)
    def forward(self, x):
        return F.log_softmax(self.fc(x), dim=0)  # BUG
model = M()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.nll_loss(model(x), y).backward()
    o.step()
#%% buggy: layer
model = nn.Sequential(nn.Flatten(), nn.Linear(20, 5), nn.Softmax(dim=0))  # BUG
for x, y in loader:
    print(model(x).argmax(1))
#%% buggy: convolutional
class C(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8 * 30 * 30, 10)
    def forward(self, x):
        x = torch.flatten(F.relu(self.conv(x)), 1)
        return torch.softmax(self.fc(x), dim=0)  # BUG
print(C()(torch.randn(4, 3, 32, 32)))
#%% correct: classes
model = nn.Sequential(nn.Flatten(), nn.Linear(20, 5), nn.Softmax(dim=1))
for x, y in loader:
    print(model(x).argmax(1))
#%% correct: one sample without a batch
policy = nn.Linear(4, 2)
print(F.softmax(policy(torch.randn(4)), dim=0))
#%% correct: weights over steps
scores = torch.randn(7, 3)
weights = torch.softmax(scores, dim=0)
