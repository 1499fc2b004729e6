#%% buggy: same data set
train_set = TensorDataset(torch.randn(100, 20), torch.randint(0, 5, (100,)))
val_set = TensorDataset(torch.randn(100, 20), torch.randint(0, 5, (100,)))
train_loader = DataLoader(train_set, batch_size=10, shuffle=True)
val_loader = DataLoader(train_set, batch_size=10)  # BUG
#%% buggy: train=True twice
from torchvision import datasets, transforms
train_data = datasets.MNIST("data", train=True, transform=transforms.ToTensor())
test_data = datasets.MNIST("data", train=True, transform=transforms.ToTensor())
train_loader = DataLoader(train_data, batch_size=64, shuffle=True)
test_loader = DataLoader(test_data, batch_size=64)  # BUG
#%% buggy: attributes
class Data:
    def __init__(self, ds):
        self.train_dl = DataLoader(ds, batch_size=8, shuffle=True)
        self.valid_dl = DataLoader(ds, batch_size=8)  # BUG
d = Data(data)
#%% correct: held out
from torchvision import datasets, transforms
train_loader = DataLoader(datasets.MNIST("d", train=True, transform=transforms.ToTensor()), batch_size=64, shuffle=True)
test_loader = DataLoader(datasets.MNIST("d", train=False, transform=transforms.ToTensor()), batch_size=64)
#%% correct: split by samplers
from torch.utils.data import SubsetRandomSampler
train_loader = DataLoader(data, batch_size=8, sampler=SubsetRandomSampler(range(400)))
val_loader = DataLoader(data, batch_size=8, sampler=SubsetRandomSampler(range(400, 500)))
#%% correct: random_split
from torch.utils.data import random_split
a, b = random_split(data, [400, 100])
train_loader = DataLoader(a, batch_size=8, shuffle=True)
val_loader = DataLoader(b, batch_size=8)
train_eval_loader = DataLoader(a, batch_size=8)
#%% buggy: methods that give loaders
#% file: module.py
from torch.utils.data import DataLoader
import pytorch_lightning as pl

class MyDataModule(pl.LightningDataModule):
    def __init__(self, train_ds, val_ds, bs):
        super().__init__()
        self.train_ds, self.val_ds, self.bs = train_ds, val_ds, bs

    def train_dataloader(self):
        return DataLoader(self.train_ds, batch_size=self.bs, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.train_ds, batch_size=self.bs)  # BUG
#%% correct: methods that give loaders
#% file: module.py
from torch.utils.data import DataLoader
import pytorch_lightning as pl

class MyDataModule(pl.LightningDataModule):
    def __init__(self, train_ds, val_ds, bs):
        super().__init__()
        self.train_ds, self.val_ds, self.bs = train_ds, val_ds, bs

    def train_dataloader(self):
        return DataLoader(self.train_ds, batch_size=self.bs, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val_ds, batch_size=self.bs)
