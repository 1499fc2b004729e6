#%% buggy: in the call
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(model(x), F.one_hot(y, 5)).backward()  # BUG
    o.step()
#%% buggy: in the data
labels = F.one_hot(torch.randint(0, 5, (500,)), num_classes=5)
dl = DataLoader(TensorDataset(torch.randn(500, 20), labels), batch_size=8, shuffle=True)
crit = nn.CrossEntropyLoss()
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in dl:
    o.zero_grad()
    crit(model(x), y).backward()  # BUG
    o.step()
#%% buggy: variable
def step(model, x, y, n):
    target = torch.nn.functional.one_hot(y, n)
    logits = model(x)
    return F.cross_entropy(logits, target)  # BUG
#%% correct: indices
def step(model, x, y):
    return F.cross_entropy(model(x), y)
#%% correct: probabilities
def step(model, x, y, n):
    target = F.one_hot(y, n).float()
    target = target * 0.9 + 0.1 / n
    return F.cross_entropy(model(x), target)
#%% correct: squared error
def step(model, x, y, n):
    return F.mse_loss(model(x).softmax(-1), F.one_hot(y, n).float())
