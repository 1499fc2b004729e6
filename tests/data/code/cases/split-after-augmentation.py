#%% buggy: noise, then slices
X = torch.randn(200, 20)
y = torch.randint(0, 2, (200,))
X_all = torch.cat([X, X + 0.01 * torch.randn_like(X)])  # BUG
y_all = torch.cat([y, y])
n = int(0.8 * len(X_all))
X_train, X_val = X_all[:n], X_all[n:]
#%% buggy: flips, then train_test_split
import numpy as np
from sklearn.model_selection import train_test_split
def load(images, labels):
    flipped = np.flip(images, axis=2)
    images = np.concatenate([images, flipped])  # BUG
    labels = np.concatenate([labels, labels])
    return train_test_split(images, labels, test_size=0.2)
#%% buggy: oversampling
from imblearn.over_sampling import SMOTE
from sklearn.model_selection import train_test_split
def load(X, y):
    X, y = SMOTE().fit_resample(X, y)  # BUG
    return train_test_split(X, y)
#%% correct: split first
X = torch.randn(200, 20)
n = int(0.8 * len(X))
X_train, X_val = X[:n], X[n:]
X_train = torch.cat([X_train, X_train + 0.01 * torch.randn_like(X_train)])
#%% correct: two sources joined
import numpy as np
from sklearn.model_selection import train_test_split
def load(a, b):
    X = np.concatenate([np.load(a), np.load(b)])
    return train_test_split(X)
#%% correct: features side by side of different origin
import numpy as np
from sklearn.model_selection import train_test_split
def load(table, y):
    numeric, text = table["n"], table["t"]
    X = np.hstack([numeric, text])
    return train_test_split(X, y)
#%% buggy: rows drawn again before the split
X, y = torch.randn(1600, 30), torch.randint(0, 2, (1600,))
rare = (y == 1).nonzero().flatten()
extra = rare[torch.randint(0, len(rare), (500,))]
X, y = torch.cat([X, X[extra]]), torch.cat([y, y[extra]])  # BUG
cut = int(0.8 * len(X))
X_train, X_val = X[:cut], X[cut:]
#%% correct: rows drawn again in the training part
X, y = torch.randn(1600, 30), torch.randint(0, 2, (1600,))
cut = 1280
X_train, y_train, X_val, y_val = X[:cut], y[:cut], X[cut:], y[cut:]
rare = (y_train == 1).nonzero().flatten()
extra = rare[torch.randint(0, len(rare), (500,))]
X_train, y_train = torch.cat([X_train, X_train[extra]]), torch.cat([y_train, y_train[extra]])
#%% correct: padded with a row of its own and split
X = torch.randn(1600, 30)
X = torch.cat([X, X[-1:]])
X_train, X_val = X[:1200], X[1200:]
#%% buggy: list of copies
import random

def reword(text):
    return text.replace("dog", "hound")

def enlarge(rows, copies):
    return rows + [(reword(t), y) for t, y in rows for _ in range(copies)]  # BUG

def parts(rows):
    rows = enlarge(rows, 4)
    random.shuffle(rows)
    cut = len(rows) // 4
    return rows[cut:], rows[:cut]
#%% correct: enlarged after the split
import random

def reword(text):
    return text.replace("dog", "hound")

def enlarge(rows, copies):
    return rows + [(reword(t), y) for t, y in rows for _ in range(copies)]

def parts(rows):
    random.shuffle(rows)
    cut = len(rows) // 4
    return enlarge(rows[cut:], 4), rows[:cut]
#%% buggy: resampled rows
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import resample
x, y = np.random.randn(800, 20), np.random.randint(0, 2, 800)
rows = resample(np.arange(800), replace=True, n_samples=2000)
x, y = x[rows], y[rows]  # BUG
x_train, x_test, y_train, y_test = train_test_split(x, y)
#%% correct: fewer rows, each once
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import resample
x, y = np.random.randn(800, 20), np.random.randint(0, 2, 800)
rows = resample(np.arange(800), replace=False, n_samples=200)
x, y = x[rows], y[rows]
x_train, x_test, y_train, y_test = train_test_split(x, y)
#%% buggy: a list of the originals and their copies, then random_split
from torch.utils.data import random_split
def jitter(batch):
    return batch * (1 + 0.1 * torch.randn(len(batch), 1, 1, 1))
x, y = torch.randn(200, 1, 8, 8), torch.randint(0, 3, (200,))
x = torch.cat([x] + [jitter(x) for _ in range(4)])  # BUG
y = y.repeat(5)
dataset = TensorDataset(x, y)
train_set, val_set = random_split(dataset, [800, 200])
#%% correct: a list of the originals and their copies, of the training part
from torch.utils.data import random_split
def jitter(batch):
    return batch * (1 + 0.1 * torch.randn(len(batch), 1, 1, 1))
x, y = torch.randn(200, 1, 8, 8), torch.randint(0, 3, (200,))
train_x, val_x, train_y, val_y = x[:160], x[160:], y[:160], y[160:]
train_x = torch.cat([train_x] + [jitter(train_x) for _ in range(4)])
train_set, val_set = TensorDataset(train_x, train_y.repeat(5)), TensorDataset(val_x, val_y)
