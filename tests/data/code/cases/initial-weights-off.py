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
#%% buggy: every matrix of the model
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(20, 64), nn.Tanh(), nn.Linear(64, 5))
        self.reset()
    def reset(self):
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, mean=0.0, std=1.0)  # BUG
    def forward(self, x):
        return self.layers(x)
#%% buggy: by the names of the parameters and a constant of the module
INIT_RANGE = 2.0
model = Net()
for name, param in model.named_parameters():
    if "weight" in name:
        nn.init.uniform_(param, -2.0, INIT_RANGE)  # BUG
    else:
        nn.init.zeros_(param)
#%% buggy: a tuple of layers
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(20, 100), nn.Linear(100, 5)
        for layer in (self.fc1, self.fc2):
            nn.init.constant_(layer.weight, 0.0)  # BUG
            nn.init.constant_(layer.bias, 0.0)
    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))
#%% buggy: layers one by one
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(20, 100), nn.Linear(100, 5)
        self.fc1.weight.data.zero_()  # BUG
        self.fc2.weight.data.zero_()  # BUG
    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))
#%% buggy: a standard deviation of next to nothing from a default
def init_weights(m, std=1e-6):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, std=std)  # BUG

model = Net()
model.apply(init_weights)
#%% correct: xavier for every matrix
model = Net()
for p in model.parameters():
    if p.dim() > 1:
        nn.init.xavier_uniform_(p)
#%% correct: a zero start of the last layer of a branch, and a table
class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 16)
        self.up, self.down = nn.Linear(16, 64), nn.Linear(64, 16)
        nn.init.normal_(self.table.weight)
        nn.init.kaiming_normal_(self.up.weight)
        nn.init.zeros_(self.down.weight)
    def forward(self, x):
        h = self.table(x)
        return h + self.down(torch.relu(self.up(h)))
#%% correct: counters of parameters
model = Net()
total = 0
for p in model.parameters():
    total += p.numel()
    p.requires_grad_(True)
#%% correct: a small deviation by default
def init_weights(m, std=0.02):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, std=std)

model = Net()
model.apply(init_weights)
#%% buggy: by the name of the class
def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Linear") != -1:
        m.weight.data.fill_(0.02)  # BUG
        m.bias.data.fill_(0)

model = Net()
model.apply(weights_init)
#%% buggy: a range kept on the model
class Tiny(nn.Module):
    def __init__(self, initializer_range=1.0):
        super().__init__()
        self.table, self.out = nn.Embedding(20, 64), nn.Linear(64, 5)
        self.initializer_range = initializer_range
        self.apply(self.start)
    def start(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            module.weight.data.normal_(mean=0.0, std=self.initializer_range)  # BUG
    def forward(self, x):
        return self.out(self.table(x))
#%% correct: by the name of the class, as in DCGAN
def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)

model = Net()
model.apply(weights_init)
