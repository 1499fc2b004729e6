#%% buggy: function
import numpy as np
from sklearn.model_selection import train_test_split

def make_windows(series, n=20):
    X, y = [], []
    for i in range(len(series) - n):
        X.append(series[i:i + n])
        y.append(series[i + n])
    return np.array(X), np.array(y)

X, y = make_windows(np.random.randn(500))
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.2)  # BUG
#%% buggy: data set
from torch.utils.data import Dataset, random_split

class Windows(Dataset):
    def __init__(self, series, n):
        self.series, self.n = series, n
    def __len__(self):
        return len(self.series) - self.n
    def __getitem__(self, i):
        return self.series[i:i + self.n], self.series[i + self.n]

windows = Windows(torch.randn(500), 16)
train_set, val_set = random_split(windows, [400, 84])  # BUG
#%% correct: by time
import numpy as np
from sklearn.model_selection import train_test_split

def make_windows(series, n=20):
    X, y = [], []
    for i in range(len(series) - n):
        X.append(series[i:i + n])
        y.append(series[i + n])
    return np.array(X), np.array(y)

series = np.random.randn(500)
X_train, y_train = make_windows(series[:400])
X_val, y_val = make_windows(series[400:])
#%% correct: not shuffled
import numpy as np
from sklearn.model_selection import train_test_split

def make_windows(series, n=20):
    return np.array([series[i:i + n] for i in range(len(series) - n)])

X = make_windows(np.random.randn(500))
X_train, X_val = train_test_split(X, test_size=0.2, shuffle=False)
#%% correct: pieces that do not overlap
import numpy as np
from sklearn.model_selection import train_test_split

def pieces(series, n=20):
    return np.array([series[i:i + n] for i in range(0, len(series) - n, n)])

X = pieces(np.random.randn(500))
X_train, X_val = train_test_split(X, test_size=0.2)
