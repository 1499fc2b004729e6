#%% buggy: data sets
from torch.utils.data import ConcatDataset
val_data = TensorDataset(torch.randn(50, 20), torch.randint(0, 5, (50,)))
train_data = data
train_data = ConcatDataset([train_data, val_data])  # BUG
train_loader = DataLoader(train_data, batch_size=32, shuffle=True)
val_loader = DataLoader(val_data, batch_size=32)
#%% buggy: lists
def load(train_files, valid_files, read):
    train_files = train_files + valid_files  # BUG
    train = [read(f) for f in train_files]
    valid = [read(f) for f in valid_files]
    return train, valid
#%% correct: another part is validated on
def load(train_files, valid_files, test_files, read):
    train_files = train_files + valid_files
    train = [read(f) for f in train_files]
    test = [read(f) for f in test_files]
    return train, test
#%% correct: only counted together
def load(train_files, valid_files, read):
    all_files = train_files + valid_files
    print(len(all_files))
    return [read(f) for f in train_files], [read(f) for f in valid_files]
