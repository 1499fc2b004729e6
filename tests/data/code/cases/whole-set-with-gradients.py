#%% buggy: test accuracy of all samples at once
X = torch.load('x.pt')
Y = torch.load('y.pt')
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    print((model(X).argmax(1) == Y).float().mean())  # BUG
#%% correct: under no_grad
X = torch.load('x.pt')
Y = torch.load('y.pt')
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
        print((model(X).argmax(1) == Y).float().mean())
#%% correct: samples drawn from a generator
generator, model = nn.Linear(8, 20), Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    drawn = generator(torch.randn(8, 8))
    print(model(drawn).mean())
