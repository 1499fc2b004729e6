#%% buggy: default
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(20, 32), nn.Linear(32, 5)
    def forward(self, x):
        x = F.dropout(F.relu(self.a(x)), 0.5)  # BUG
        return self.b(x)

M()(torch.randn(4, 20))
#%% buggy: keyword
class M(nn.Module):
    def __init__(self, p=0.3):
        super().__init__()
        self.a, self.b, self.p = nn.Linear(20, 32), nn.Linear(32, 5), p
    def forward(self, x):
        h = torch.relu(self.a(x))
        h = torch.nn.functional.dropout(h, p=self.p)  # BUG
        return self.b(h)

M()(torch.randn(4, 20))
#%% buggy: helper method
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(20, 5)
    def thin(self, x):
        return F.dropout(x, 0.2)  # BUG
    def forward(self, x):
        return self.a(self.thin(x))

M()(torch.randn(4, 20))
#%% correct: told the mode
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(20, 5)
    def forward(self, x):
        return self.a(F.dropout(x, 0.2, training=self.training))

M()(torch.randn(4, 20))
#%% correct: positional
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(20, 5)
    def forward(self, x):
        return self.a(F.dropout(x, 0.2, self.training))

M()(torch.randn(4, 20))
#%% correct: layer
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.dropout = nn.Linear(20, 5), nn.Dropout(0.2)
    def forward(self, x):
        return self.a(self.dropout(x))

M()(torch.randn(4, 20))
