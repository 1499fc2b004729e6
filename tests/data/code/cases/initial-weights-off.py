#%% buggy: all zero
def init(m):
    if isinstance(m, nn.Linear):
        nn.init.zeros_(m.weight)  # BUG
        nn.init.zeros_(m.bias)

model = Net()
model.apply(init)
#%% buggy: one constant by data
model = Net()
for m in model.modules():
    if isinstance(m, (nn.Linear, nn.Conv2d)):
        m.weight.data.fill_(0.01)  # BUG
        m.bias.data.zero_()
#%% buggy: default of normal
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 5))
        for m in self.modules():
            if isinstance(m, nn.Linear):
                torch.nn.init.normal_(m.weight)  # BUG
    def forward(self, x):
        return self.layers(x)
#%% correct: small normal
def init(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, mean=0.0, std=0.02)
        if m.bias is not None:
            nn.init.zeros_(m.bias)

model = Net()
model.apply(init)
#%% correct: ones for the norm
def init(m):
    if isinstance(m, nn.LayerNorm):
        nn.init.ones_(m.weight)
        nn.init.zeros_(m.bias)
    elif isinstance(m, nn.Conv2d):
        nn.init.kaiming_normal_(m.weight, nonlinearity="relu")

model = Net()
model.apply(init)
#%% correct: only the last layer starts at zero
model = Net()
nn.init.zeros_(model.head.weight)
for name, m in model.named_modules():
    if isinstance(m, nn.Linear) and name == "head":
        nn.init.zeros_(m.weight)
