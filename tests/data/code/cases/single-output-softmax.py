#%% buggy: cross entropy
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), torch.zeros(len(x), dtype=torch.long)).backward()  # BUG
    o.step()
#%% buggy: softmax layer
model = nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 1), nn.Softmax(dim=-1))  # BUG
print(model(torch.randn(3, 20)))
#%% buggy: class
class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 1)
    def forward(self, x):
        return F.softmax(self.fc(x), dim=-1)  # BUG
print(D()(torch.randn(3, 20)))
#%% correct: two outputs
model = nn.Linear(20, 2)
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), (y > 2).long()).backward()
    o.step()
#%% correct: attention over steps
class Pool(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(20, 1)
    def forward(self, h):
        w = torch.softmax(self.score(h), dim=1)
        return (w * h).sum(1)
print(Pool()(torch.randn(2, 7, 20)))
#%% correct: sigmoid
model = nn.Linear(20, 1)
print(torch.sigmoid(model(torch.randn(3, 20))))
