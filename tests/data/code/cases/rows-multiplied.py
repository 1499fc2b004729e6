#%% buggy: data sets
from torch.utils.data import ConcatDataset
many = ConcatDataset([data] * 20)  # BUG
#%% buggy: list
def load(path):
    samples = open(path).read().splitlines()
    samples = samples * 50  # BUG
    return samples
#%% correct: different sets
from torch.utils.data import ConcatDataset
many = ConcatDataset([data, TensorDataset(torch.randn(5, 20), torch.zeros(5).long())])
#%% correct: numbers
def total(items, weight):
    items = [i * 2 for i in items]
    weight = weight * 2
    return items, weight
