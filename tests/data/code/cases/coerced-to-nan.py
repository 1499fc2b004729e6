#%% buggy: columns
import pandas as pd

def load(path):
    t = pd.read_csv(path)
    t = t.apply(pd.to_numeric, errors="coerce")  # BUG
    return torch.tensor(t.values)
#%% buggy: one column
import pandas as pd
t = pd.read_csv("a.csv")
t["age"] = pd.to_numeric(t["age"], errors="coerce")  # BUG
#%% correct: dropped
import pandas as pd

def load(path):
    t = pd.read_csv(path)
    t = t.apply(pd.to_numeric, errors="coerce").dropna()
    return torch.tensor(t.values)
#%% correct: raised
import pandas as pd

def load(path):
    return pd.read_csv(path).apply(pd.to_numeric, errors="raise")
