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
#%% buggy: loader factory
#% file: data/build.py
from torch.utils.data import DataLoader, Dataset
import pandas as pd
import torch

class SentimentDataset(Dataset):
    def __init__(self, csv_path, tokenizer, max_len):
        self.df = pd.read_csv(csv_path)
        self.tokenizer = tokenizer
        self.max_len = max_len

    def __len__(self):
        return len(self.df)

    def __getitem__(self, idx):
        row = self.df.iloc[idx]
        enc = self.tokenizer(row['text'], truncation=True, padding='max_length', max_length=self.max_len, return_tensors='pt')
        return {'input_ids': enc['input_ids'].squeeze(0), 'mask': enc['attention_mask'].squeeze(0), 'label': torch.tensor(row['label'])}

def build_loaders(cfg, tokenizer):
    train_ds = SentimentDataset(cfg.train_csv, tokenizer, cfg.max_len)
    val_ds = SentimentDataset(cfg.val_csv, tokenizer, cfg.max_len)
    train_loader = DataLoader(train_ds, batch_size=cfg.batch_size, num_workers=cfg.workers, pin_memory=True)  # BUG
    val_loader = DataLoader(val_ds, batch_size=cfg.batch_size, num_workers=cfg.workers, pin_memory=True)
    return train_loader, val_loader
#%% correct: loader factory
#% file: data/build.py
from torch.utils.data import DataLoader, Dataset
import pandas as pd
import torch

class SentimentDataset(Dataset):
    def __init__(self, csv_path, tokenizer, max_len):
        self.df = pd.read_csv(csv_path)
        self.tokenizer = tokenizer
        self.max_len = max_len

    def __len__(self):
        return len(self.df)

    def __getitem__(self, idx):
        row = self.df.iloc[idx]
        enc = self.tokenizer(row['text'], truncation=True, padding='max_length', max_length=self.max_len, return_tensors='pt')
        return {'input_ids': enc['input_ids'].squeeze(0), 'mask': enc['attention_mask'].squeeze(0), 'label': torch.tensor(row['label'])}

def build_loaders(cfg, tokenizer):
    train_ds = SentimentDataset(cfg.train_csv, tokenizer, cfg.max_len)
    val_ds = SentimentDataset(cfg.val_csv, tokenizer, cfg.max_len)
    train_loader = DataLoader(train_ds, batch_size=cfg.batch_size, shuffle=True, num_workers=cfg.workers, pin_memory=True)
    val_loader = DataLoader(val_ds, batch_size=cfg.batch_size, num_workers=cfg.workers, pin_memory=True)
    return train_loader, val_loader
#%% buggy: lightning train_dataloader
#% file: datamodule.py
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import CIFAR10
from torchvision import transforms as T

class CIFARModule(pl.LightningDataModule):
    def __init__(self, root, batch_size=128, workers=8):
        super().__init__()
        self.root, self.batch_size, self.workers = root, batch_size, workers
        self.tf = T.Compose([T.RandomCrop(32, padding=4), T.ToTensor()])

    def setup(self, stage=None):
        self.train_set = CIFAR10(self.root, train=True, transform=self.tf)
        self.val_set = CIFAR10(self.root, train=False, transform=T.ToTensor())

    def train_dataloader(self):
        return DataLoader(self.train_set, batch_size=self.batch_size, num_workers=self.workers)  # BUG

    def val_dataloader(self):
        return DataLoader(self.val_set, batch_size=self.batch_size, num_workers=self.workers)
#%% correct: lightning train_dataloader
#% file: datamodule.py
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import CIFAR10
from torchvision import transforms as T

class CIFARModule(pl.LightningDataModule):
    def __init__(self, root, batch_size=128, workers=8):
        super().__init__()
        self.root, self.batch_size, self.workers = root, batch_size, workers
        self.tf = T.Compose([T.RandomCrop(32, padding=4), T.ToTensor()])

    def setup(self, stage=None):
        self.train_set = CIFAR10(self.root, train=True, transform=self.tf)
        self.val_set = CIFAR10(self.root, train=False, transform=T.ToTensor())

    def train_dataloader(self):
        return DataLoader(self.train_set, batch_size=self.batch_size, shuffle=True, num_workers=self.workers)

    def val_dataloader(self):
        return DataLoader(self.val_set, batch_size=self.batch_size, num_workers=self.workers)
#%% correct: dict of loaders
#% file: loaders.py
import torch
from torchvision import datasets, transforms

def get_data(data_dir, input_size, batch_size):
    tf = transforms.Compose([transforms.Resize(input_size), transforms.ToTensor()])
    train_data = datasets.ImageFolder(data_dir + '/train', tf)
    test_data = datasets.ImageFolder(data_dir + '/val', tf)
    trainloader = torch.utils.data.DataLoader(train_data, batch_size=batch_size, shuffle=True, num_workers=4)
    testloader = torch.utils.data.DataLoader(test_data, batch_size=batch_size, shuffle=False, num_workers=4)
    return trainloader, testloader
#%% buggy: dict of loaders
#% file: loaders.py
import torch
from torchvision import datasets, transforms

def get_data(data_dir, input_size, batch_size):
    tf = transforms.Compose([transforms.Resize(input_size), transforms.ToTensor()])
    train_data = datasets.ImageFolder(data_dir + '/train', tf)
    test_data = datasets.ImageFolder(data_dir + '/val', tf)
    trainloader = torch.utils.data.DataLoader(train_data, batch_size=batch_size, shuffle=False, num_workers=4)  # BUG
    testloader = torch.utils.data.DataLoader(test_data, batch_size=batch_size, shuffle=False, num_workers=4)
    return trainloader, testloader
