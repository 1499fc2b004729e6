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
#%% buggy: layer given to the stack
#% file: module.py
import torch.nn as nn

class Encoder(nn.Module):
    """Stack of N layers"""
    def __init__(self, layer, N):
        super(Encoder, self).__init__()
        self.layers = nn.ModuleList([layer for _ in range(N)])  # BUG
        self.norm = nn.LayerNorm(layer.size)

    def forward(self, x, mask):
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)
#%% correct: layer given to the stack
#% file: module.py
import torch.nn as nn

class Encoder(nn.Module):
    """Stack of N layers"""
    def __init__(self, layer, N):
        super(Encoder, self).__init__()
        self.layers = nn.ModuleList([copy.deepcopy(layer) for _ in range(N)])
        self.norm = nn.LayerNorm(layer.size)

    def forward(self, x, mask):
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)
#%% buggy: list of a name multiplied
#% file: module.py
import torch.nn as nn

class ResStage(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        block = BLOCKS.build(cfg.block)
        self.blocks = nn.Sequential(*([block] * cfg.depth))  # BUG

    def forward(self, x):
        return self.blocks(x)
#%% correct: list of a name multiplied
#% file: module.py
import torch.nn as nn

class ResStage(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        block = BLOCKS.build(cfg.block)
        self.blocks = nn.Sequential(*[BLOCKS.build(cfg.block) for _ in range(cfg.depth)])

    def forward(self, x):
        return self.blocks(x)
