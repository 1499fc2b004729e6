#%% buggy: data set
import random
from torch.utils.data import Dataset

class Crops(Dataset):
    def __init__(self, images):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        random.seed(42)  # BUG
        left = random.randint(0, 8)
        return self.images[i][:, left : left + 24]
#%% buggy: generator of an iterable
import numpy as np

class Stream:
    def __init__(self, n, seed=0):
        self.n, self.seed = n, seed

    def __iter__(self):
        rng = np.random.default_rng(self.seed)  # BUG
        for _ in range(self.n):
            yield rng.normal(size=10)
#%% correct: seed of the index
import random
from torch.utils.data import Dataset

class Crops(Dataset):
    def __init__(self, images, seed):
        self.images, self.seed = images, seed

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        rng = random.Random(self.seed * 100_003 + i)
        left = rng.randint(0, 8)
        return self.images[i][:, left : left + 24]
#%% correct: unseeded
import random

def collate_fn(samples):
    random.shuffle(samples)
    return torch.stack(samples)
#%% buggy: augmentation in getitem
#% file: aug_dataset.py
import random
import numpy as np
import torch
from torch.utils.data import Dataset
from torchvision import transforms

class PairedTransformDataset(Dataset):
    def __init__(self, items, transform):
        self.items, self.transform = items, transform

    def __getitem__(self, index):
        image, mask = self.items[index]
        random.seed(1)  # BUG
        torch.manual_seed(1)
        image = self.transform(image)
        random.seed(1)
        mask = self.transform(mask)
        return image, mask

    def __len__(self):
        return len(self.items)
#%% correct: augmentation in getitem
#% file: aug_dataset.py
import random
import numpy as np
import torch
from torch.utils.data import Dataset
from torchvision import transforms

class PairedTransformDataset(Dataset):
    def __init__(self, items, transform):
        self.items, self.transform = items, transform

    def __getitem__(self, index):
        image, mask = self.items[index]
        seed = np.random.randint(2147483647)
        random.seed(seed)
        torch.manual_seed(seed)
        image = self.transform(image)
        random.seed(seed)
        torch.manual_seed(seed)
        mask = self.transform(mask)
        return image, mask

    def __len__(self):
        return len(self.items)
