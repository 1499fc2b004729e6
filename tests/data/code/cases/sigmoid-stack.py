#%% buggy: written out
model = nn.Sequential(
    nn.Linear(20, 64), nn.Sigmoid(), nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 64), nn.Sigmoid(),
    nn.Linear(64, 64),
    nn.Sigmoid(),  # BUG
    nn.Linear(64, 5))
o = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: list of layers
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(20, 64)
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(8)])
        self.out = nn.Linear(64, 5)
    def forward(self, x):
        x = self.first(x)
        for layer in self.hidden:
            x = torch.sigmoid(layer(x))  # BUG
        return self.out(x)

Deep()(torch.randn(4, 20))
#%% buggy: functional
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(20, 64), nn.Linear(64, 64), nn.Linear(64, 64)
        self.d, self.e = nn.Linear(64, 64), nn.Linear(64, 5)
    def forward(self, x):
        x = torch.sigmoid(self.a(x))
        x = torch.sigmoid(self.b(x))
        x = F.sigmoid(self.c(x))
        x = self.d(x).sigmoid()  # BUG
        return self.e(x)

Deep()(torch.randn(4, 20))
#%% correct: two sigmoids
model = nn.Sequential(nn.Linear(20, 64), nn.Sigmoid(), nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 5))
model(torch.randn(4, 20))
#%% correct: relu
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(20, 64)
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(8)])
    def forward(self, x):
        x = self.first(x)
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return torch.sigmoid(x)

Deep()(torch.randn(4, 20))
#%% correct: residual
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(20, 20) for _ in range(8)])
    def forward(self, x):
        for layer in self.hidden:
            x = x + torch.sigmoid(layer(x)) * x
        return x

Deep()(torch.randn(4, 20))
#%% buggy: appended in a loop
class Deep(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        layers = [nn.Linear(20, width)]
        for _ in range(depth):
            layers += [nn.Linear(width, width), nn.Sigmoid()]  # BUG
        self.layers, self.head = nn.Sequential(*layers), nn.Linear(width, 5)
    def forward(self, x):
        return self.head(self.layers(x))

net = Deep(40, 14)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: appended twice
class Deep(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        layers = [nn.Linear(20, width)]
        for _ in range(depth):
            layers += [nn.Linear(width, width), nn.Sigmoid()]
        self.layers, self.head = nn.Sequential(*layers), nn.Linear(width, 5)
    def forward(self, x):
        return self.head(self.layers(x))

net = Deep(40, 2)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: appended with normalisation
class Deep(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        layers = [nn.Linear(20, width)]
        for _ in range(depth):
            layers += [nn.Linear(width, width), nn.BatchNorm1d(width), nn.Sigmoid()]
        self.layers, self.head = nn.Sequential(*layers), nn.Linear(width, 5)
    def forward(self, x):
        return self.head(self.layers(x))

net = Deep(40, 8)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: other activation appended
class Deep(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        layers = [nn.Linear(20, width)]
        for _ in range(depth):
            layers += [nn.Linear(width, width), nn.GELU()]
        self.layers, self.head = nn.Sequential(*layers), nn.Linear(width, 5)
    def forward(self, x):
        return self.head(self.layers(x))

net = Deep(40, 8)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for x, y in loader:
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: tanh in a loop over a list
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(20, 20) for _ in range(24)])
        self.out = nn.Linear(20, 5)
        self.act = nn.Tanh()
    def forward(self, x):
        for layer in self.layers:
            x = self.act(layer(x))  # BUG
        return self.out(x)

model = Deep()
model(torch.randn(3, 20))
#%% buggy: relu layers appended
layers = []
for _ in range(30):
    layers += [nn.Linear(20, 20), nn.ReLU()]  # BUG
model = nn.Sequential(*layers, nn.Linear(20, 5))
#%% correct: relu layers, few
layers = []
for _ in range(6):
    layers += [nn.Linear(20, 20), nn.ReLU()]
model = nn.Sequential(*layers, nn.Linear(20, 5))
#%% correct: deep with normalisation
layers = []
for _ in range(30):
    layers += [nn.Linear(20, 20), nn.LayerNorm(20), nn.ReLU()]
model = nn.Sequential(*layers, nn.Linear(20, 5))
#%% correct: deep and residual
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(20, 20) for _ in range(24)])
        self.out = nn.Linear(20, 5)
    def forward(self, x):
        for layer in self.layers:
            x = x + torch.relu(layer(x))
        return self.out(x)

model = Deep()
model(torch.randn(3, 20))
