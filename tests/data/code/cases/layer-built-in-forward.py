#%% buggy: linear
class M(nn.Module):
    def forward(self, x):
        return nn.Linear(x.shape[-1], 5)(x)  # BUG

M()(torch.randn(4, 20))
#%% buggy: dropout
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 5)
    def forward(self, x):
        x = nn.Dropout(0.5)(x)  # BUG
        return self.fc(x)

M()(torch.randn(4, 20))
#%% buggy: parameter and norm
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 5)
    def forward(self, x):
        norm = torch.nn.BatchNorm1d(20)  # BUG
        return self.fc(norm(x))

M()(torch.randn(4, 20))
#%% correct: without parameters
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 5)
    def forward(self, x):
        x = nn.ReLU()(x)
        return nn.Flatten()(self.fc(x))

M()(torch.randn(4, 20))
#%% correct: built once when first used
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = None
    def forward(self, x):
        if self.fc is None:
            self.fc = nn.Linear(x.shape[-1], 5)
        return self.fc(x)
#%% correct: built in a helper of the constructor
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = self.build()
    def build(self):
        return nn.Linear(20, 5)
    def forward(self, x):
        return self.fc(x)

M()(torch.randn(4, 20))
