#%% buggy: a data set class
class Signals(torch.utils.data.Dataset):
    def __init__(self, x, y, mean=None, std=None):
        if mean is None:
            mean, std = x.mean(0), x.std(0)
        self.x, self.y = (x - mean) / std, y
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.x[i], self.y[i]

reference = np.load("population.npz")
train_set = Signals(torch.randn(800, 20), torch.randint(0, 5, (800,)))
valid_set = Signals(torch.randn(200, 20), torch.randint(0, 5, (200,)), reference["mean"], reference["std"])  # BUG
#%% buggy: a function and a dictionary
from sklearn.preprocessing import StandardScaler
def prepare(table, scaler=None):
    scaler = StandardScaler().fit(table) if scaler is None else scaler
    return torch.tensor(scaler.transform(table), dtype=torch.float32)

import pickle
def parts(past, recent, path):
    old = pickle.load(open(path, "rb"))
    return {"train": prepare(past), "val": prepare(recent, scaler=old)}  # BUG
#%% correct: statistics of the training set
class Signals(torch.utils.data.Dataset):
    def __init__(self, x, y, stats=None):
        stats = stats or (x.mean(0), x.std(0))
        self.stats = stats
        self.x, self.y = (x - stats[0]) / stats[1], y
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.x[i], self.y[i]

train_set = Signals(torch.randn(800, 20), torch.randint(0, 5, (800,)))
stats = train_set.stats
val_set = Signals(torch.randn(200, 20), torch.randint(0, 5, (200,)), stats)
test_set = Signals(torch.randn(200, 20), torch.randint(0, 5, (200,)), stats=train_set.stats)
#%% correct: statistics computed from the training rows
class Series(torch.utils.data.Dataset):
    def __init__(self, x, mean=None):
        self.x = x - (x.mean() if mean is None else mean)
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.x[i]

x_train, x_val = torch.randn(800, 20), torch.randn(200, 20)
centre = x_train.mean()
train_set = Series(x_train)
val_set = Series(x_val, mean=centre)
#%% correct: the same for both
class Images(torch.utils.data.Dataset):
    def __init__(self, x, stats=None):
        mean, std = (x.mean(), x.std()) if stats is None else stats
        self.x = (x - mean) / std
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.x[i]

pretrained = (0.485, 0.229)
train_set = Images(torch.rand(800, 20), stats=pretrained)
val_set = Images(torch.rand(200, 20), stats=pretrained)
