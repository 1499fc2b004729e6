#%% buggy: twice in a row
model = Net()
with torch.no_grad():
    for x, y in loader:
        p = F.softmax(model.eval()(x), dim=1)
        conf = torch.softmax(p, dim=1).max()  # BUG
#%% buggy: on one path
def evaluate(model, loader, calibrated):
    outs = []
    with torch.no_grad():
        for x, _ in loader:
            outs.append(model(x))
    probs = torch.cat(outs)
    if calibrated:
        probs = probs.softmax(dim=1)
    return probs.softmax(dim=1).max(1)  # BUG
#%% buggy: model and caller
class P(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 5)
    def forward(self, x):
        return F.softmax(self.fc(x), dim=-1)
p = P().eval()
print(F.softmax(p(torch.randn(3, 20)), dim=-1))  # BUG
#%% correct: once
model = Net().eval()
for x, _ in loader:
    with torch.no_grad():
        print(F.softmax(model(x), dim=1))
#%% correct: two layers of attention
class A(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(20, 20), nn.Linear(20, 20)
    def forward(self, x):
        w = torch.softmax(self.a(x), dim=-1) * x
        return torch.softmax(self.b(w), dim=-1)
print(A()(torch.randn(2, 20)))
#%% correct: over two axes
sim = torch.randn(4, 9, 9)
dual = F.softmax(F.softmax(sim, dim=1), dim=2)
#%% correct: either here or there
def probabilities(model, x, inside):
    out = model(x)
    if inside:
        out = out.softmax(-1)
    else:
        out = out.softmax(-1)
    return out
