#%% buggy: not given
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
ordered = TensorDataset(torch.randn(500, 20), torch.arange(500) // 100)
train_loader = DataLoader(ordered, batch_size=32)  # BUG
for epoch in range(5):
    for x, y in train_loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% buggy: False
from torchvision import datasets, transforms
from torch.utils import data as tud
train = datasets.ImageFolder("train", transforms.ToTensor())
dl = tud.DataLoader(train, batch_size=64, shuffle=False, num_workers=4)  # BUG
def fit(model, opt):
    for x, y in dl:
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()
        opt.step()
net = Net()
fit(net, torch.optim.SGD(net.parameters(), lr=0.1))
#%% buggy: own data set
from torch.utils.data import Dataset
class Images(Dataset):
    def __init__(self, files):
        self.files = sorted(files)
    def __len__(self):
        return len(self.files)
    def __getitem__(self, i):
        return torch.load(self.files[i]), i
def main(files):
    model = Net()
    o = torch.optim.Adam(model.parameters())
    dl = DataLoader(Images(files), 16)  # BUG
    for x, y in dl:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
main([])
#%% correct: shuffled
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in DataLoader(data, 32, True):
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: sampler
from torch.utils.data import WeightedRandomSampler
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
dl = DataLoader(data, batch_size=32, sampler=WeightedRandomSampler([1.0] * 500, 500))
for x, y in dl:
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: stream
from torch.utils.data import IterableDataset
class Stream(IterableDataset):
    def __iter__(self):
        yield torch.randn(20), 1
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in DataLoader(Stream(), batch_size=8):
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
#%% correct: settings in a dict
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
kwargs = {"batch_size": 32}
if torch.cuda.is_available():
    kwargs.update({"num_workers": 4, "shuffle": True})
for x, y in DataLoader(data, **kwargs):
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
