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
