#%% buggy: two shuffles
import numpy as np
X = np.random.rand(100, 20)
Y = np.random.randint(0, 2, 100)
np.random.shuffle(X)
np.random.shuffle(Y)
ds = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))  # BUG
#%% buggy: two permutations
def make(x, y):
    x = x[torch.randperm(len(x))]
    y = y[torch.randperm(len(y))]
    return TensorDataset(x, y)  # BUG
#%% buggy: then split
import numpy as np
from sklearn.model_selection import train_test_split
def load(images, labels):
    images = images[np.random.permutation(len(images))]
    labels = labels[np.random.permutation(len(labels))]
    return train_test_split(images, labels)  # BUG
#%% correct: one permutation
def make(x, y):
    order = torch.randperm(len(x))
    return TensorDataset(x[order], y[order])
#%% correct: reseeded
import numpy as np
X = np.random.rand(100, 20)
Y = np.random.randint(0, 2, 100)
np.random.seed(0)
np.random.shuffle(X)
np.random.seed(0)
np.random.shuffle(Y)
ds = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
#%% correct: pairs shuffled
import random
pairs = list(zip([1, 2], [3, 4]))
random.shuffle(pairs)
xs, ys = zip(*pairs)
ds = TensorDataset(torch.tensor(xs), torch.tensor(ys))
#%% buggy: generator of its own, in place
import numpy as np
def prepare(windows, labels, seed=0):
    rng = np.random.default_rng(seed)
    rng.shuffle(windows)
    rng.shuffle(labels)  # BUG
    return torch.from_numpy(windows), torch.from_numpy(labels)
#%% correct: two parts shuffled in place
import numpy as np
def prepare(train_files, val_files):
    rng = np.random.default_rng(0)
    rng.shuffle(train_files)
    rng.shuffle(val_files)
    return train_files, val_files
#%% correct: same seed before both
import random
def prepare(images, labels):
    rng = random.Random(3)
    rng.shuffle(images)
    rng.seed(3)
    rng.shuffle(labels)
    return images, labels
#%% correct: generators made alike
import random
def prepare(images, labels):
    random.Random(3).shuffle(images)
    random.Random(3).shuffle(labels)
    return images, labels
#%% correct: random.shuffle twice
#% file: corpus.py
import random
import torch

class Corpus:
    def __init__(self, sents, tags, seed):
        random.seed(seed)
        self.sents, self.tags = list(sents), list(tags)

    def shuffle(self):
        pairs = list(zip(self.sents, self.tags))
        random.shuffle(pairs)
        self.sents, self.tags = map(list, zip(*pairs))
#%% buggy: random.shuffle twice
#% file: corpus.py
import random
import torch

class Corpus:
    def __init__(self, sents, tags, seed):
        random.seed(seed)
        self.sents, self.tags = list(sents), list(tags)

    def shuffle(self):
        random.shuffle(self.sents)
        random.shuffle(self.tags)  # BUG
