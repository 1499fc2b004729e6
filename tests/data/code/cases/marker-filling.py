#%% buggy: table
import pandas as pd

def load(path):
    df = pd.read_csv(path).fillna(-999)  # BUG
    return torch.tensor(df.values)
#%% buggy: array
import numpy as np
x = torch.tensor(np.nan_to_num(np.load("x.npy"), nan=-9999.0))  # BUG
#%% correct: mean
import pandas as pd

def load(path):
    df = pd.read_csv(path)
    return torch.tensor(df.fillna(df.mean()).values)
#%% correct: zero
import pandas as pd

def load(path):
    return torch.tensor(pd.read_csv(path).fillna(0).values)
