#%% buggy: a figure per epoch
import matplotlib.pyplot as plt
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(100):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        o.zero_grad()
        loss.backward()
        o.step()
    figure = plt.figure()  # BUG
    plt.hist(model.head.weight.detach().flatten())
    figure.savefig(f"{epoch}.png")
#%% correct: closed
import matplotlib.pyplot as plt
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(100):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        o.zero_grad()
        loss.backward()
        o.step()
    figure = plt.figure()
    plt.hist(model.head.weight.detach().flatten())
    figure.savefig(f"{epoch}.png")
    plt.close(figure)
