#%% buggy: multiplied list
class Deep(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8)] * n)  # BUG

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return x

Deep(3)
#%% buggy: one object in a comprehension
class Deep(nn.Module):
    def __init__(self, n):
        super().__init__()
        block = nn.Linear(8, 8)
        self.layers = nn.Sequential(*[block for _ in range(n)])  # BUG

    def forward(self, x):
        return self.layers(x)

Deep(3)
#%% correct: one per place
class Deep(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(n)])
        self.sizes = [8] * n

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return x

Deep(3)
#%% correct: given layers
def stack(layers):
    return nn.Sequential(*[layer for layer in layers])

stack([nn.Linear(8, 8), nn.Linear(8, 2)])
