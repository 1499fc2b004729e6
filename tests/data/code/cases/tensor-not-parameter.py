#%% buggy: scale
class Scaled(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.linear = nn.Linear(d, d)
        self.scale = torch.ones(d, requires_grad=True)  # BUG

    def forward(self, x):
        return self.linear(x) * self.scale

Scaled(4)
#%% buggy: positions, computed
class Positions(nn.Module):
    def __init__(self, length, d):
        super().__init__()
        self.table = 0.02 * torch.randn(length, d, requires_grad=True)  # BUG

    def forward(self, x):
        return x + self.table[: x.size(1)]

Positions(10, 4)
#%% correct: parameter
class Scaled(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.linear = nn.Linear(d, d)
        self.scale = nn.Parameter(torch.ones(d, requires_grad=True))

    def forward(self, x):
        return self.linear(x) * self.scale

Scaled(4)
#%% correct: tensor optimised by itself
class Attack(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.delta = torch.zeros(shape, requires_grad=True)
        self.opt = torch.optim.Adam([self.delta], lr=0.01)

    def forward(self, x):
        return x + self.delta

Attack((3, 4))
#%% buggy: prompt tuning with Variable
#% file: prompt.py
import torch
import torch.nn as nn
from torch.autograd import Variable

class PromptEncoder(nn.Module):
    def __init__(self, cfg, hidden_size):
        super(PromptEncoder, self).__init__()
        self.cfg = cfg
        self.length = cfg.prompt_length
        self.mlp = nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.Tanh(), nn.Linear(hidden_size, hidden_size))
        self.prompts = Variable(torch.randn(self.length, hidden_size) * 0.02, requires_grad=True)  # BUG

    def forward(self, embeds):
        batch = embeds.size(0)
        prompts = self.mlp(self.prompts).unsqueeze(0).expand(batch, -1, -1)
        return torch.cat([prompts, embeds], dim=1)
#%% correct: prompt tuning with Variable
#% file: prompt.py
import torch
import torch.nn as nn
from torch.autograd import Variable

class PromptEncoder(nn.Module):
    def __init__(self, cfg, hidden_size):
        super(PromptEncoder, self).__init__()
        self.cfg = cfg
        self.length = cfg.prompt_length
        self.mlp = nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.Tanh(), nn.Linear(hidden_size, hidden_size))
        self.prompts = nn.Parameter(torch.randn(self.length, hidden_size) * 0.02)

    def forward(self, embeds):
        batch = embeds.size(0)
        prompts = self.mlp(self.prompts).unsqueeze(0).expand(batch, -1, -1)
        return torch.cat([prompts, embeds], dim=1)
#%% correct: positional embedding created in init
#% file: pos.py
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.tok = nn.Embedding(args.vocab, args.dim)
        self.pos = nn.Parameter(torch.zeros(1, args.max_len, args.dim))
        self.blocks = nn.ModuleList([nn.TransformerEncoderLayer(args.dim, 8) for _ in range(args.depth)])

    def forward(self, ids):
        h = self.tok(ids) + self.pos[:, :ids.size(1)]
        for b in self.blocks:
            h = b(h)
        return h
#%% buggy: positional embedding created in init
#% file: pos.py
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.tok = nn.Embedding(args.vocab, args.dim)
        self.pos = torch.zeros(1, args.max_len, args.dim).requires_grad_(True)  # BUG
        self.blocks = nn.ModuleList([nn.TransformerEncoderLayer(args.dim, 8) for _ in range(args.depth)])

    def forward(self, ids):
        h = self.tok(ids) + self.pos[:, :ids.size(1)]
        for b in self.blocks:
            h = b(h)
        return h
