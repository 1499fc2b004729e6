#%% buggy: head replaced afterwards
from torchvision import models
model = models.resnet50(weights="DEFAULT")
o = torch.optim.SGD(model.parameters(), lr=0.01)
model.fc = nn.Linear(2048, 7)  # BUG
#%% buggy: own class
net = Net()
opt = torch.optim.Adam(net.parameters())
net.head = nn.Linear(64, 10)  # BUG
for x, y in loader:
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
#%% buggy: in functions
def make_optimizer(m):
    return torch.optim.AdamW(m.parameters(), lr=1e-4)
def adapt(m, n):
    m.head = nn.Linear(64, n)  # BUG
model = Net()
optimizer = make_optimizer(model)
adapt(model, 3)
#%% correct: first the model
from torchvision import models
model = models.resnet50(weights="DEFAULT")
model.fc = nn.Linear(2048, 7)
o = torch.optim.SGD(model.parameters(), lr=0.01)
#%% correct: built again
net = Net()
opt = torch.optim.Adam(net.parameters())
net.head = nn.Linear(64, 10)
opt = torch.optim.Adam(net.parameters())
#%% correct: added to the groups
net = Net()
opt = torch.optim.Adam(net.parameters())
net.head = nn.Linear(64, 10)
opt.add_param_group({"params": net.head.parameters()})
#%% buggy: head swapped after optimizer
#% file: transfer.py
import torch.nn as nn
import torch.optim as optim
from torchvision import models

class TransferLearner:
    def __init__(self, args):
        self.args = args
        self.model = models.vgg16(pretrained=True)
        self.optimizer = optim.Adam(self.model.parameters(), lr=args.lr)
        self.model.classifier[6] = nn.Linear(4096, args.classes)  # BUG
        self.model.to(args.device)
        self.criterion = nn.CrossEntropyLoss()

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()
#%% correct: head swapped after optimizer
#% file: transfer.py
import torch.nn as nn
import torch.optim as optim
from torchvision import models

class TransferLearner:
    def __init__(self, args):
        self.args = args
        self.model = models.vgg16(pretrained=True)
        self.model.classifier[6] = nn.Linear(4096, args.classes)
        self.model.to(args.device)
        self.optimizer = optim.Adam(self.model.parameters(), lr=args.lr)
        self.criterion = nn.CrossEntropyLoss()

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()
