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
