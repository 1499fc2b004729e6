#%% buggy: first row
class Rows(torch.utils.data.Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.y)
    def __getitem__(self, index):
        return self.x[0], self.y[0]  # BUG
#%% correct: used
class Rows(torch.utils.data.Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.y)
    def __getitem__(self, index):
        return self.x[index], self.y[index]
#%% correct: drawn
import random

class Rows(torch.utils.data.Dataset):
    def __init__(self, x):
        self.x = x
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        shift = random.randint(0, 3)
        return self.x[0] + shift
#%% buggy: index used for the label alone
#% file: module.py
from torch.utils.data import Dataset
from PIL import Image

class ImageList(Dataset):
    def __init__(self, paths, labels, transform):
        self.paths, self.labels, self.transform = paths, labels, transform

    def __getitem__(self, item):
        img = Image.open(self.paths[0]).convert("RGB")  # BUG
        return self.transform(img), self.labels[item]

    def __len__(self):
        return len(self.paths)
#%% correct: index used for the label alone
#% file: module.py
from torch.utils.data import Dataset
from PIL import Image

class ImageList(Dataset):
    def __init__(self, paths, labels, transform):
        self.paths, self.labels, self.transform = paths, labels, transform

    def __getitem__(self, item):
        img = Image.open(self.paths[item]).convert("RGB")
        return self.transform(img), self.labels[item]

    def __len__(self):
        return len(self.paths)
