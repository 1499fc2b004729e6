#%% buggy: numpy
import numpy as np

class Rows(torch.utils.data.Dataset):
    def __init__(self, x, split):
        order = np.random.permutation(len(x))  # BUG
        k = int(0.8 * len(x))
        self.x = x[order[:k]] if split == "train" else x[order[k:]]
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.x[i]

table = torch.randn(100, 3)
train, val = Rows(table, "train"), Rows(table, "val")
#%% buggy: list
import random

class Files(torch.utils.data.Dataset):
    def __init__(self, names, is_train):
        random.shuffle(names)  # BUG
        self.names = names[:80] if is_train else names[80:]
    def __len__(self):
        return len(self.names)
    def __getitem__(self, i):
        return self.names[i]

train, val = Files(list("abc"), True), Files(list("abc"), False)
#%% correct: seeded
import numpy as np

class Rows(torch.utils.data.Dataset):
    def __init__(self, x, split):
        order = np.random.RandomState(0).permutation(len(x))
        k = int(0.8 * len(x))
        self.x = x[order[:k]] if split == "train" else x[order[k:]]
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.x[i]

table = torch.randn(100, 3)
train, val = Rows(table, "train"), Rows(table, "val")
#%% correct: order shared
import numpy as np

class Rows(torch.utils.data.Dataset):
    def __init__(self, x, order, split):
        k = int(0.8 * len(x))
        self.x = x[order[:k]] if split == "train" else x[order[k:]]
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.x[i]

table = torch.randn(100, 3)
order = np.random.permutation(100)
train, val = Rows(table, order, "train"), Rows(table, order, "val")
