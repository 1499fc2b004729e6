#%% buggy: constant in a loop
class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(20, 32), nn.Linear(32, 5)
        nn.init.constant_(self.a.bias, -4.0)  # BUG
    def forward(self, x):
        return self.b(F.relu(self.a(x)))

model = Small()
model(torch.randn(3, 20))
#%% buggy: fill
class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(20, 32), nn.Linear(32, 5)
        self.a.bias.data.fill_(-10)  # BUG
    def forward(self, x):
        return self.b(torch.relu(self.a(x)))

print(Small()(torch.randn(3, 20)))
#%% buggy: outside of the class
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))
torch.nn.init.constant_(model[0].bias, -2.0)  # BUG
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: method nothing calls
#% file: train.py
import torch.nn as nn
import torch.nn.functional as F

class QNet(nn.Module):
    def __init__(self, s, a):
        super().__init__()
        self.fc1 = nn.Linear(s, 64)
        self.fc2 = nn.Linear(64, a)
        self.fc1.weight.data.normal_(0, 0.1)
        self.fc1.bias.data.fill_(-3.0)  # BUG
    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))
#%% correct: prior of rare classes on the output
class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(20, 32), nn.Linear(32, 5)
        nn.init.constant_(self.b.bias, -4.6)
    def forward(self, x):
        return self.b(F.relu(self.a(x)))

model = Small()
model(torch.randn(3, 20))
#%% correct: small positive
class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(20, 32), nn.Linear(32, 5)
        nn.init.constant_(self.a.bias, 0.01)
    def forward(self, x):
        return self.b(F.relu(self.a(x)))

model = Small()
model(torch.randn(3, 20))
#%% correct: gate
class Highway(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate, self.h = nn.Linear(20, 20), nn.Linear(20, 20)
        self.gate.bias.data.fill_(-2.0)
    def forward(self, x):
        g = torch.sigmoid(self.gate(x))
        return g * F.relu(self.h(x)) + (1 - g) * x

Highway()(torch.randn(3, 20))
#%% buggy: all layers of a sequence
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))
for m in model.modules():
    if isinstance(m, nn.Linear):
        nn.init.kaiming_normal_(m.weight)
        nn.init.constant_(m.bias, -4.0)  # BUG
#%% correct: a small bias for all layers
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))
for m in model.modules():
    if isinstance(m, nn.Linear):
        nn.init.kaiming_normal_(m.weight)
        nn.init.constant_(m.bias, 0.01)
#%% correct: method nothing calls
#% file: train.py
import torch.nn as nn
import torch.nn.functional as F

class QNet(nn.Module):
    def __init__(self, s, a):
        super().__init__()
        self.fc1 = nn.Linear(s, 64)
        self.fc2 = nn.Linear(64, a)
        self.fc1.weight.data.normal_(0, 0.1)
        self.fc1.bias.data.fill_(0.0)
    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))
