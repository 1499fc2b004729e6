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
