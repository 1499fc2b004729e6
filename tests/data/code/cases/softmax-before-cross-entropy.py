#%% buggy: in the loss call
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(F.softmax(model(x), dim=1), y)  # BUG
    loss.backward()
    optimizer.step()
#%% buggy: last layer of a Sequential
model = nn.Sequential(
    nn.Linear(20, 64),
    nn.ReLU(),
    nn.Linear(64, 5),
    nn.Softmax(dim=1),  # BUG
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
#%% buggy: the model in another file
#% file: network.py
from torch import nn
from torch.nn import functional as F
class Classifier(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Linear(20, n)
    def forward(self, x):
        out = self.fc(x)
        return F.softmax(out, dim=-1)  # BUG
#% file: train.py
import torch
from torch import nn
from network import Classifier
def main(loader):
    model = Classifier(5)
    crit = nn.CrossEntropyLoss(label_smoothing=0.1)
    opt = torch.optim.Adam(model.parameters())
    for x, y in loader:
        opt.zero_grad()
        logits = model(x)
        loss = crit(logits, y)
        loss.backward()
        opt.step()
if __name__ == "__main__":
    main(None)
#%% buggy: layer in forward, loss kept in the class
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 5)
        self.act = nn.Softmax(-1)
        self.loss = nn.CrossEntropyLoss()
    def forward(self, x, y=None):
        p = self.act(self.fc(x))  # BUG
        if y is not None:
            return self.loss(p, y)
        return p
m = M()
o = torch.optim.Adam(m.parameters())
for x, y in loader:
    o.zero_grad()
    m(x, y).backward()
    o.step()
#%% correct: logits
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    logits = model(x)
    probs = logits.softmax(-1)
    loss = F.cross_entropy(logits, y)
    loss.backward()
    optimizer.step()
    print(probs.max())
#%% correct: softmax only outside of training
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 5)
    def forward(self, x):
        x = self.fc(x)
        if not self.training:
            x = torch.softmax(x, dim=1)
        return x
m = M()
o = torch.optim.Adam(m.parameters())
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(m(x), y).backward()
    o.step()
#%% correct: soft targets
teacher, student = Net(), Net()
teacher.eval()
o = torch.optim.Adam(student.parameters())
for x, _ in loader:
    with torch.no_grad():
        soft = F.softmax(teacher(x), dim=1)
    o.zero_grad()
    F.cross_entropy(student(x), soft).backward()
    o.step()
#%% correct: attention inside
class Attn(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.v, self.out = nn.Linear(20, 20), nn.Linear(20, 20), nn.Linear(20, 5)
    def forward(self, x):
        w = torch.softmax(self.q(x), dim=-1)
        return self.out(w * self.v(x))
m = Attn()
o = torch.optim.Adam(m.parameters())
for x, y in loader:
    o.zero_grad()
    F.cross_entropy(m(x), y).backward()
    o.step()
#%% buggy: forward replaced
from zoo import load
def create(name):
    if name == "a":
        model = load("a")
    else:
        model = load("b")
    model.inner = model.forward
    softmax = nn.Softmax(dim=1)
    model.forward = lambda x: softmax(model.inner(x))  # BUG
    return model
model = create("a")
o = torch.optim.SGD(model.parameters(), lr=0.1)
crit = nn.CrossEntropyLoss()
for x, y in loader:
    o.zero_grad()
    crit(model(x), y).backward()
    o.step()
