#%% buggy: pixels
def load(x_train, x_test):
    x_train = x_train / 255.0  # BUG
    return torch.tensor(x_train), torch.tensor(x_test)
#%% buggy: standardised
def prepare(X_train, X_val):
    mu, sd = X_train.mean(0), X_train.std(0)
    X_train = (X_train - mu) / sd  # BUG
    loader = DataLoader(TensorDataset(X_train), batch_size=32, shuffle=True)
    return loader, X_val
#%% correct: both
def load(x_train, x_test):
    x_train = x_train / 255.0
    x_test = x_test / 255.0
    return torch.tensor(x_train), torch.tensor(x_test)
#%% correct: in one line
def load(x_train, x_test):
    m, s = x_train.mean(), x_train.std()
    x_train, x_test = (x_train - m) / s, (x_test - m) / s
    return x_train, x_test
#%% correct: scaled where it is used
def prepare(x_train, x_val, net):
    m, s = x_train.mean(), x_train.std()
    x_train = (x_train - m) / s
    return net(x_train), net((x_val - m) / s)
#%% buggy: scaled as it is cast
def load(images):
    x_train, x_test = images[:800], images[800:]
    x_train = torch.tensor(x_train / 255.0, dtype=torch.float32)  # BUG
    x_test = torch.tensor(x_test, dtype=torch.float32)
    return x_train, x_test
#%% correct: both scaled as they are cast
def load(images):
    x_train, x_test = images[:800], images[800:]
    x_train = torch.tensor(x_train / 255.0, dtype=torch.float32)
    x_test = torch.tensor(x_test / 255.0, dtype=torch.float32)
    return x_train, x_test
#%% buggy: scaled with the cast, the other cast alone
#% file: module.py
import numpy as np
from tensorflow.keras.datasets import mnist
import torch

class DataModule:
    def setup(self):
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
        x_train = x_train.astype("float32") / 255.0  # BUG
        x_test = x_test.astype("float32")
        self.train = (torch.from_numpy(x_train), torch.from_numpy(y_train))
        self.test = (torch.from_numpy(x_test), torch.from_numpy(y_test))
#%% correct: scaled with the cast, the other cast alone
#% file: module.py
import numpy as np
from tensorflow.keras.datasets import mnist
import torch

class DataModule:
    def setup(self):
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
        x_train = x_train.astype("float32") / 255.0
        x_test = x_test.astype("float32") / 255.0
        self.train = (torch.from_numpy(x_train), torch.from_numpy(y_train))
        self.test = (torch.from_numpy(x_test), torch.from_numpy(y_test))
