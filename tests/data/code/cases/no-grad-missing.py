#%% buggy: outputs in a list
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    outputs = []
    for x, y in loader:
        outputs.append(model(x))  # BUG
#%% buggy: loss total
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
def validate():
    model.eval()
    total = 0
    for x, y in loader:
        out = model(x)
        loss = F.cross_entropy(out, y)
        total += loss  # BUG
    return total / len(loader)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    print(validate())
#%% buggy: probabilities
class T:
    def __init__(self):
        self.model = Net()
        self.o = torch.optim.Adam(self.model.parameters())
    def fit(self):
        for _ in range(2):
            self.model.train()
            for x, y in loader:
                self.o.zero_grad()
                F.cross_entropy(self.model(x), y).backward()
                self.o.step()
            self.predict()
    def predict(self):
        self.model.eval()
        self.probs = []
        for x, _ in loader:
            self.probs.append(torch.softmax(self.model(x), dim=1))  # BUG
T().fit()
#%% correct: no_grad
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    outputs = []
    with torch.no_grad():
        for x, y in loader:
            outputs.append(model(x))
#%% correct: item
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    total, outputs = 0.0, []
    for x, y in loader:
        out = model(x)
        total += F.cross_entropy(out, y).item()
        outputs.append(out.detach().cpu())
#%% correct: decorator
@torch.inference_mode()
def collect(model, loader):
    model.eval()
    return [model(x) for x, _ in loader]
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    outputs = collect(model, loader)
