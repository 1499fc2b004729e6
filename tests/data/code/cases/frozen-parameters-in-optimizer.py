#%% buggy: all given
class Transfer(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(20, 16)
        self.head = nn.Linear(16, 5)
    def forward(self, x):
        return self.head(F.relu(self.backbone(x)))
model = Transfer()
for p in model.backbone.parameters():
    p.requires_grad = False
o = torch.optim.Adam(model.parameters(), lr=1e-3)  # BUG
#%% buggy: requires_grad_
model = Net()
model.body.requires_grad_(False)
o = torch.optim.SGD(model.parameters(), lr=0.1)  # BUG
#%% buggy: in a builder
def build():
    net = Net()
    for w in net.body.parameters():
        w.requires_grad = False
    return net, torch.optim.AdamW(net.parameters(), lr=1e-3)  # BUG
net, opt = build()
#%% correct: filtered
model = Net()
model.body.requires_grad_(False)
o = torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.1)
#%% correct: the head alone
model = Net()
for p in model.body.parameters():
    p.requires_grad = False
o = torch.optim.Adam(model.head.parameters(), lr=1e-3)
#%% correct: gradual unfreezing
model = Net()
for p in model.body.parameters():
    p.requires_grad = False
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    if epoch == 2:
        for p in model.body.parameters():
            p.requires_grad = True
