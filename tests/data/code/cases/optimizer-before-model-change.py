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
