#%% buggy: loop and preparation
images = torch.randint(0, 256, (500, 20)).float() / 255
labels = torch.randint(0, 5, (500,))
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True):
    x = x / 255.0  # BUG
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: data set
class Pictures(torch.utils.data.Dataset):
    def __init__(self, x, y):
        self.x, self.y = x / 255, y
    def __len__(self):
        return len(self.y)
    def __getitem__(self, i):
        return self.x[i] / 255, self.y[i]  # BUG

net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in DataLoader(Pictures(torch.rand(500, 20), torch.randint(0, 5, (500,))), batch_size=32, shuffle=True):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: once
images = torch.randint(0, 256, (500, 20)).float() / 255
labels = torch.randint(0, 5, (500,))
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, y in DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True):
    x = (x - 0.5) / 0.25
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
