#%% buggy: sorted
class Pictures(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows
        self.class_to_idx = {c: i for i, c in enumerate(sorted({c for _, c in rows}))}  # BUG
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        x, c = self.rows[i]
        return x, self.class_to_idx[c]

train_data = Pictures([(1, "a"), (2, "b")])
test_data = Pictures([(3, "b")])
#%% buggy: by argument
class Sounds(torch.utils.data.Dataset):
    def __init__(self, files):
        self.files = files
        self.label2id = {c: i for i, c in enumerate(sorted(set(f.split("/")[0] for f in files)))}  # BUG
    def __len__(self):
        return len(self.files)
    def __getitem__(self, i):
        return self.files[i], self.label2id[self.files[i].split("/")[0]]

def make(train_files, valid_files):
    return Sounds(train_files), Sounds(valid_files)
#%% correct: handed over
class Pictures(torch.utils.data.Dataset):
    def __init__(self, rows, table=None):
        self.rows = rows
        self.class_to_idx = table or {c: i for i, c in enumerate(sorted({c for _, c in rows}))}
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        x, c = self.rows[i]
        return x, self.class_to_idx[c]

train_data = Pictures([(1, "a"), (2, "b")])
test_data = Pictures([(3, "b")], train_data.class_to_idx)
