#%% buggy: comprehension
class M(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layers = [nn.Linear(20, 20) for _ in range(n)]  # BUG
        self.out = nn.Linear(20, 5)
    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.out(x)
model = M(3)
#%% buggy: literal list of blocks
class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.fc = nn.Linear(d, d)
    def forward(self, x):
        return x + self.fc(x)
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = [Block(20), Block(20)]  # BUG
    def forward(self, x):
        for b in self.blocks:
            x = b(x)
        return x
model = M()
#%% buggy: dict of heads
class Multi(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = {"a": nn.Linear(20, 2), "b": nn.Linear(20, 3)}  # BUG
    def forward(self, x, task):
        return self.heads[task](x)
m = Multi()
#%% correct: ModuleList
class M(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(20, 20) for _ in range(n)])
        self.heads = nn.ModuleDict({"a": nn.Linear(20, 2)})
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
m = M(2)
#%% correct: list that becomes a Sequential
class M(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for i in range(3):
            layers += [nn.Linear(20, 20), nn.ReLU()]
        self.net = nn.Sequential(*layers)
    def forward(self, x):
        return self.net(x)
m = M()
#%% correct: registered one by one
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = [nn.Conv1d(20, 20, k) for k in (3, 4, 5)]
        for i, conv in enumerate(self.convs):
            self.add_module(f"conv_{i}", conv)
    def forward(self, x):
        return torch.cat([c(x) for c in self.convs], 1)
m = M()
#%% correct: names for parts that are registered anyway
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(20, 20)
        self.b = nn.Linear(20, 5)
        self.stages = [self.a, self.b]
    def forward(self, x):
        for s in self.stages:
            x = s(x)
        return x
m = M()
#%% buggy: parameters in a list
class Mixed(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.weights = [nn.Parameter(torch.zeros(4)) for _ in range(n)]  # BUG

    def forward(self, x):
        return self.scale * sum(x * w for w in self.weights)

Mixed(3)
#%% buggy: list then Sequential forgotten
#% file: resblock_stack.py
import torch
import torch.nn as nn

class ResidualStack(nn.Module):
    def __init__(self, in_dim, h_dim, res_h_dim, n_res_layers):
        super(ResidualStack, self).__init__()
        self.n_res_layers = n_res_layers
        self.stack = [ResidualLayer(in_dim, h_dim, res_h_dim)] * n_res_layers  # BUG

    def forward(self, x):
        for layer in self.stack:
            x = layer(x)
        return torch.relu(x)

class ResidualLayer(nn.Module):
    def __init__(self, in_dim, h_dim, res_h_dim):
        super(ResidualLayer, self).__init__()
        self.res_block = nn.Sequential(nn.ReLU(True), nn.Conv2d(in_dim, res_h_dim, 3, padding=1, bias=False), nn.ReLU(True), nn.Conv2d(res_h_dim, h_dim, 1, bias=False))

    def forward(self, x):
        return x + self.res_block(x)
#%% buggy: dict of heads by loop
#% file: multitask.py
import torch.nn as nn
from encoders import build_encoder

class MultiTaskNet(nn.Module):
    def __init__(self, opt):
        super(MultiTaskNet, self).__init__()
        self.opt = opt
        self.encoder = build_encoder(opt.backbone)
        self.heads = {}  # BUG
        for task, n_out in opt.tasks.items():
            self.heads[task] = nn.Linear(opt.feat_dim, n_out)

    def forward(self, x):
        feat = self.encoder(x)
        return {task: head(feat) for task, head in self.heads.items()}
#%% correct: dict of heads by loop
#% file: multitask.py
import torch.nn as nn
from encoders import build_encoder

class MultiTaskNet(nn.Module):
    def __init__(self, opt):
        super(MultiTaskNet, self).__init__()
        self.opt = opt
        self.encoder = build_encoder(opt.backbone)
        self.heads = nn.ModuleDict()
        for task, n_out in opt.tasks.items():
            self.heads[task] = nn.Linear(opt.feat_dim, n_out)

    def forward(self, x):
        feat = self.encoder(x)
        return {task: head(feat) for task, head in self.heads.items()}
#%% buggy: critics in SAC
#% file: sac/networks.py
import torch
import torch.nn as nn

def mlp(sizes, act=nn.ReLU):
    layers = []
    for j in range(len(sizes) - 1):
        layers += [nn.Linear(sizes[j], sizes[j + 1]), act()]
    return nn.Sequential(*layers[:-1])

class EnsembleCritic(nn.Module):
    def __init__(self, obs_dim, act_dim, hidden, n):
        super().__init__()
        self.qs = [mlp([obs_dim + act_dim, *hidden, 1]) for _ in range(n)]  # BUG

    def forward(self, obs, act):
        return torch.stack([q(torch.cat([obs, act], -1)).squeeze(-1) for q in self.qs])
#%% correct: critics in SAC
#% file: sac/networks.py
import torch
import torch.nn as nn

def mlp(sizes, act=nn.ReLU):
    layers = []
    for j in range(len(sizes) - 1):
        layers += [nn.Linear(sizes[j], sizes[j + 1]), act()]
    return nn.Sequential(*layers[:-1])

class EnsembleCritic(nn.Module):
    def __init__(self, obs_dim, act_dim, hidden, n):
        super().__init__()
        self.qs = nn.ModuleList([mlp([obs_dim + act_dim, *hidden, 1]) for _ in range(n)])

    def forward(self, obs, act):
        return torch.stack([q(torch.cat([obs, act], -1)).squeeze(-1) for q in self.qs])
