#%% buggy: permutation
import numpy as np
idx = np.arange(100)
np.random.permutation(idx)  # BUG
train, val = idx[:80], idx[80:]
#%% buggy: None kept
import random
files = ["a", "b", "c"]
files = random.shuffle(files)  # BUG
#%% buggy: data frame
import pandas as pd
df = pd.read_csv("a.csv")
df.sample(frac=1)  # BUG
train = df[:100]
#%% correct: used
import numpy as np
idx = np.random.permutation(100)
train, val = idx[:80], idx[80:]
#%% correct: in place
import random
files = ["a", "b", "c"]
random.shuffle(files)
#%% correct: data frame
import pandas as pd
df = pd.read_csv("a.csv").sample(frac=1).reset_index(drop=True)
