#%% buggy: eval in the epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
model.train()
for epoch in range(5):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()  # BUG
    with torch.no_grad():
        for x, y in loader:
            print(model(x).argmax(1))
#%% buggy: in a helper
@torch.no_grad()
def evaluate(net, loader):
    net.eval()  # BUG
    return sum((net(x).argmax(1) == y).sum().item() for x, y in loader)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
    print(evaluate(net, loader))
#%% buggy: during the epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
    if i % 100 == 0:
        model.eval()  # BUG
        with torch.no_grad():
            for a, b in loader:
                print(model(a).argmax(1))
#%% correct: train at the start
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            print(model(x).argmax(1))
#%% correct: restored by the helper
@torch.no_grad()
def evaluate(net, loader):
    was = net.training
    net.eval()
    score = sum((net(x).argmax(1) == y).sum().item() for x, y in loader)
    net.train(was)
    return score
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
    print(evaluate(net, loader))
#%% correct: evaluated once at the end
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
model.eval()
with torch.no_grad():
    for x, y in loader:
        print(model(x).argmax(1))
#%% buggy: model of unknown build
from zoo import build_model
def main(cfg):
    model = build_model(cfg).cuda()
    o = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(5):
        for x, y in loader:
            o.zero_grad()
            F.cross_entropy(model(x), y).backward()
            o.step()
        model.eval()  # BUG
        with torch.no_grad():
            for x, y in loader:
                print(model(x).argmax(1))
main(None)
#%% correct: something unseen may switch it
from zoo import build_model, prepare_for_epoch
def main(cfg):
    model = build_model(cfg).cuda()
    o = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(5):
        prepare_for_epoch(model, epoch)
        for x, y in loader:
            o.zero_grad()
            F.cross_entropy(model(x), y).backward()
            o.step()
        model.eval()
        with torch.no_grad():
            for x, y in loader:
                print(model(x).argmax(1))
main(None)
