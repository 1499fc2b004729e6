#%% buggy: activations grabbed in every step
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
kept = {}
def grab(module, given, out):
    kept["head"] = out.detach()
for x, y in loader:
    model.head.register_forward_hook(grab)  # BUG
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: once before the loop
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
kept = {}
def grab(module, given, out):
    kept["head"] = out.detach()
model.head.register_forward_hook(grab)
for x, y in loader:
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: removed in the same step
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
kept = {}
def grab(module, given, out):
    kept["head"] = out.detach()
for x, y in loader:
    handle = model.head.register_forward_hook(grab)
    loss = F.cross_entropy(model(x), y)
    handle.remove()
    o.zero_grad()
    loss.backward()
    o.step()
