#%% buggy: loader over all
from torch.utils.data import random_split
train_set, val_set = random_split(data, [400, 100])
train_loader = DataLoader(data, batch_size=32, shuffle=True)  # BUG
val_loader = DataLoader(val_set, batch_size=32)
#%% buggy: in a function
from sklearn.model_selection import train_test_split

def fit(rows, model):
    train_rows, test_rows = train_test_split(rows, test_size=0.2)
    model.fit(rows)  # BUG
    return model.score(test_rows)
#%% correct: parts used
from torch.utils.data import random_split
train_set, val_set = random_split(data, [400, 100])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
val_loader = DataLoader(val_set, batch_size=32)
#%% correct: final fit
from sklearn.model_selection import train_test_split

def fit(rows, model):
    train_rows, test_rows = train_test_split(rows, test_size=0.2)
    model.fit(train_rows)
    print(model.score(test_rows))
    return model.fit(rows)
