#%% buggy: literal bounds
rows = torch.randn(1000, 20)
train = rows[:900]
val = rows[800:]  # BUG
#%% buggy: both from the start
n_train, n_val = 800, 200
table = torch.randn(1000, 20)
x_train, x_test = table[:n_train], table[:n_val]  # BUG
#%% buggy: from the end
table = list(range(5000))
train_ids = table[:-100]
test_ids = table[-500:]  # BUG
#%% correct: complementary
rows = torch.randn(1000, 20)
n = int(0.8 * len(rows))
train, val = rows[:n], rows[n:]
#%% correct: from the end
table = list(range(5000))
train_ids, test_ids = table[:-500], table[-500:]
#%% correct: three parts
rows = torch.randn(1000, 20)
train, val, test = rows[:700], rows[700:850], rows[850:]
#%% buggy: index split
#% file: split.py
import numpy as np
import torch
from torch.utils.data import Subset, DataLoader

def make_splits(dataset, seed=0):
    n = len(dataset)
    indices = np.random.RandomState(seed).permutation(n)
    train_idx = indices[:int(0.8 * n)]
    val_idx = indices[int(0.7 * n):]  # BUG
    return Subset(dataset, train_idx), Subset(dataset, val_idx)
#%% correct: index split
#% file: split.py
import numpy as np
import torch
from torch.utils.data import Subset, DataLoader

def make_splits(dataset, seed=0):
    n = len(dataset)
    indices = np.random.RandomState(seed).permutation(n)
    train_idx = indices[:int(0.8 * n)]
    val_idx = indices[int(0.8 * n):]
    return Subset(dataset, train_idx), Subset(dataset, val_idx)
