#%% buggy: key dropped
import pandas as pd

def load(folder):
    features, targets = pd.read_csv(folder + "/x.csv"), pd.read_csv(folder + "/y.csv")
    return pd.concat([features.drop(columns="id"), targets["y"]], axis=1)  # BUG
#%% buggy: parquet
import pandas as pd
left = pd.read_parquet("left.parquet")
right = pd.read_parquet("right.parquet")
left = left.drop("user", axis=1)
both = pd.concat((left, right["bought"]), axis=1)  # BUG
#%% correct: merged
import pandas as pd

def load(folder):
    features, targets = pd.read_csv(folder + "/x.csv"), pd.read_csv(folder + "/y.csv")
    return features.merge(targets, on="id").drop(columns="id")
#%% correct: indexed
import pandas as pd

def load(folder):
    features, targets = pd.read_csv(folder + "/x.csv").set_index("id"), pd.read_csv(folder + "/y.csv").set_index("id")
    return pd.concat([features, targets], axis=1)
#%% correct: one below the other
import pandas as pd

def load(folder):
    old, new = pd.read_csv(folder + "/old.csv"), pd.read_csv(folder + "/new.csv")
    return pd.concat([old, new.drop(columns="id")], axis=0)
