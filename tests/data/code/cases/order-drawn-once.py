#%% buggy: permutation
import numpy as np
from torch.utils.data import Sampler
class Shuffled(Sampler):
    def __init__(self, n):
        self.order = np.random.permutation(n).tolist()  # BUG
    def __iter__(self):
        return iter(self.order)
    def __len__(self):
        return len(self.order)
#%% buggy: shuffle in place
import random
import torch.utils.data as tud
class Buckets(tud.Sampler):
    def __init__(self, lengths, size):
        self.batches = [list(range(i, i + size)) for i in range(0, len(lengths), size)]
        random.shuffle(self.batches)  # BUG
    def __iter__(self):
        for batch in self.batches:
            yield batch
#%% buggy: distributed
from torch.utils.data.distributed import DistributedSampler
class Mine(DistributedSampler):
    def __init__(self, data):
        super().__init__(data)
        self.perm = torch.randperm(len(data))  # BUG
    def __iter__(self):
        return iter(self.perm.tolist())
#%% correct: per pass
from torch.utils.data import Sampler
class Shuffled(Sampler):
    def __init__(self, n):
        self.n = n
    def __iter__(self):
        return iter(torch.randperm(self.n).tolist())
#%% correct: reshuffled per pass
import random
from torch.utils.data import Sampler
class Buckets(Sampler):
    def __init__(self, batches):
        self.batches = batches
        random.shuffle(self.batches)
    def __iter__(self):
        random.shuffle(self.batches)
        return iter(self.batches)
#%% correct: by epoch
from torch.utils.data import Sampler
class Seeded(Sampler):
    def __init__(self, n):
        self.n = n
        self.order = torch.randperm(n)
    def set_epoch(self, epoch):
        g = torch.Generator()
        g.manual_seed(epoch)
        self.order = torch.randperm(self.n, generator=g)
    def __iter__(self):
        return iter(self.order.tolist())
