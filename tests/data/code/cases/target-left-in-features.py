#%% buggy: all columns
import pandas as pd
TARGET = "churned"
df = pd.read_csv("customers.csv")
features = [c for c in df.columns]
x = torch.tensor(df[features].values)  # BUG
y = torch.tensor(df[TARGET].values)
#%% buggy: whole table
import pandas as pd

def load(path):
    rows = pd.read_csv(path)
    inputs = rows.to_numpy()  # BUG
    targets = rows["label"].to_numpy()
    return inputs, targets
#%% correct: filtered
import pandas as pd
TARGET = "churned"
df = pd.read_csv("customers.csv")
features = [c for c in df.columns if c != TARGET]
x = torch.tensor(df[features].values)
y = torch.tensor(df[TARGET].values)
#%% correct: popped
import pandas as pd

def load(path):
    rows = pd.read_csv(path)
    targets = rows.pop("label").to_numpy()
    inputs = rows.to_numpy()
    return inputs, targets
#%% correct: sliced
import pandas as pd

def load(path):
    rows = pd.read_csv(path)
    inputs, targets = rows.values[:, :-1], rows["label"].values
    return inputs, targets
