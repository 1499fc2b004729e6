#%% buggy: generator in the data set
import numpy as np
from torch.utils.data import Dataset
class Aug(Dataset):
    def __init__(self, xs, seed=0):
        self.xs = xs
        self.rng = np.random.default_rng(seed)  # BUG
    def __len__(self):
        return len(self.xs)
    def __getitem__(self, i):
        return self.xs[i] + self.rng.normal(size=20)
dl = DataLoader(Aug(np.zeros((10, 20))), batch_size=2, shuffle=True, num_workers=4)
#%% buggy: constant seed per worker
import numpy as np
def init(worker_id):
    np.random.seed(42)  # BUG
dl = DataLoader(data, batch_size=2, shuffle=True, num_workers=4, worker_init_fn=init)
#%% buggy: random.Random
import random
from torch.utils.data import Dataset
class Pairs(Dataset):
    def __init__(self, xs):
        self.xs, self.r = xs, None
        self.r = random.Random(1)  # BUG
    def __len__(self):
        return len(self.xs)
    def __getitem__(self, i):
        return self.xs[i], self.xs[self.r.randrange(len(self.xs))]
def build(n):
    return DataLoader(Pairs(list(range(5))), batch_size=2, num_workers=n)
build(2)
#%% correct: seeded per worker
import numpy as np
def init(worker_id):
    np.random.seed(torch.initial_seed() % 2**32)
dl = DataLoader(data, batch_size=2, shuffle=True, num_workers=4, worker_init_fn=init)
#%% correct: no workers
import numpy as np
from torch.utils.data import Dataset
class Aug(Dataset):
    def __init__(self, xs):
        self.xs = xs
        self.rng = np.random.default_rng(0)
    def __len__(self):
        return len(self.xs)
    def __getitem__(self, i):
        return self.xs[i] + self.rng.normal(size=20)
dl = DataLoader(Aug(np.zeros((10, 20))), batch_size=2, shuffle=True)
#%% correct: generator used only while building
import numpy as np
from torch.utils.data import Dataset
class Fixed(Dataset):
    def __init__(self, xs):
        self.rng = np.random.default_rng(0)
        self.order = self.rng.permutation(len(xs))
        self.xs = xs
    def __len__(self):
        return len(self.xs)
    def __getitem__(self, i):
        return self.xs[self.order[i]]
dl = DataLoader(Fixed(np.zeros((10, 20))), batch_size=2, shuffle=True, num_workers=4)
#%% buggy: worker_init constant
#% file: datasets/loader.py
import numpy as np
import random
import torch
from torch.utils.data import DataLoader

def worker_init_fn(worker_id):
    np.random.seed(0)  # BUG
    random.seed(0)

class LoaderFactory:
    def __init__(self, cfg):
        self.cfg = cfg

    def build(self, dataset, train=True):
        return DataLoader(dataset, batch_size=self.cfg.batch_size, shuffle=train, num_workers=self.cfg.num_workers, worker_init_fn=worker_init_fn, drop_last=train)
#%% correct: worker_init constant
#% file: datasets/loader.py
import numpy as np
import random
import torch
from torch.utils.data import DataLoader

def worker_init_fn(worker_id):
    np.random.seed(torch.initial_seed() % 2**32)
    random.seed(torch.initial_seed() % 2**32)

class LoaderFactory:
    def __init__(self, cfg):
        self.cfg = cfg

    def build(self, dataset, train=True):
        return DataLoader(dataset, batch_size=self.cfg.batch_size, shuffle=train, num_workers=self.cfg.num_workers, worker_init_fn=worker_init_fn, drop_last=train)
