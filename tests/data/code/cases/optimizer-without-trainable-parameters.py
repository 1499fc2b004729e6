#%% buggy: everything frozen
from torchvision.models import resnet18
model = resnet18(num_classes=5)
for p in model.parameters():
    p.requires_grad = False
o = torch.optim.Adam(model.parameters(), lr=1e-3)  # BUG
#%% buggy: requires_grad_
net = Net()
net.requires_grad_(False)
opt = torch.optim.SGD(net.parameters(), lr=0.1)  # BUG
#%% buggy: only the frozen part
model = Net()
for param in model.body.parameters():
    param.requires_grad_(False)
opt = torch.optim.AdamW(model.body.parameters())  # BUG
#%% correct: new head
from torchvision.models import resnet18
model = resnet18(weights="DEFAULT")
for p in model.parameters():
    p.requires_grad = False
model.fc = nn.Linear(512, 5)
o = torch.optim.Adam(model.fc.parameters(), lr=1e-3)
#%% correct: thawed
model = Net()
for p in model.parameters():
    p.requires_grad = False
for p in model.head.parameters():
    p.requires_grad = True
o = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3)
#%% correct: by name
model = Net()
for name, p in model.named_parameters():
    if "head" not in name:
        p.requires_grad = False
o = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-3)
