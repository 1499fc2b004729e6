#%% buggy: to
class M(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(20)).to(device)  # BUG
    def forward(self, x):
        return x * self.scale
#%% buggy: cuda
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = torch.nn.Parameter(torch.zeros(1, 1, 20)).cuda()  # BUG
    def forward(self, x):
        return x + self.token
#%% buggy: cast
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(20, dtype=torch.float64), requires_grad=True).float()  # BUG
    def forward(self, x):
        return x + self.bias
#%% correct: data moved first
class M(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(20).to(device))
    def forward(self, x):
        return x * self.scale
#%% correct: module moved
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(20))
    def forward(self, x):
        return x * self.scale
model = M().to("cpu")
#%% correct: used, not kept
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(20))
    def forward(self, x):
        scale = self.scale.to(x.device)
        return x * scale
