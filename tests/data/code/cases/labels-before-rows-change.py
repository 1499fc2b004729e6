#%% buggy: rows dropped
import pandas as pd

def load(path):
    df = pd.read_csv(path)
    y = df["price"].values  # BUG
    df = df.dropna()
    x = df.drop(columns=["price"]).values
    return x, y[: len(x)]
#%% buggy: sorted in place
import pandas as pd
table = pd.read_csv("rows.csv")
labels = torch.tensor(table["label"].to_numpy())  # BUG
table.sort_values("time", inplace=True)
inputs = torch.tensor(table[["a", "b"]].to_numpy())
print(inputs.shape, labels.shape)
#%% correct: dropped first
import pandas as pd

def load(path):
    df = pd.read_csv(path)
    df = df.dropna()
    y = df["price"].values
    x = df.drop(columns=["price"]).values
    return x, y
#%% correct: same rows kept
import pandas as pd

def load(path):
    df = pd.read_csv(path)
    y = df["price"].values
    df = df[df["area"] > 0]
    y = y[df.index]
    x = df.drop(columns=["price"]).values
    return x, y
#%% correct: only counted
import pandas as pd

def load(path):
    df = pd.read_csv(path)
    labels = df["label"].values
    print(len(labels))
    df = df.drop_duplicates()
    y, x = df["label"].values, df.drop(columns=["label"]).values
    return x, y
