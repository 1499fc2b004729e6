#%% buggy: comprehension
class Images(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows
        self.index = {c: i for i, c in enumerate(set(r[1] for r in rows))}  # BUG
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        return self.rows[i][0], self.index[self.rows[i][1]]
#%% buggy: list of a set
class Texts(torch.utils.data.Dataset):
    def __init__(self, labels):
        self.labels = labels
        self.ids = {}
        for i, name in enumerate(list(set(labels))):  # BUG
            self.ids[name] = i
    def __len__(self):
        return len(self.labels)
    def __getitem__(self, i):
        return self.ids[self.labels[i]]
#%% buggy: set comprehension
class Texts(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows
        self.ids = dict((w, i) for i, w in enumerate({r["label"] for r in rows}))  # BUG
    def __getitem__(self, i):
        return self.ids[self.rows[i]["label"]]
    def __len__(self):
        return len(self.rows)
#%% correct: sorted
class Images(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows
        self.index = {c: i for i, c in enumerate(sorted(set(r[1] for r in rows)))}
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        return self.rows[i][0], self.index[self.rows[i][1]]
#%% correct: given
class Images(torch.utils.data.Dataset):
    def __init__(self, rows, classes):
        self.rows = rows
        self.index = {c: i for i, c in enumerate(classes)}
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        return self.index[self.rows[i][1]]
#%% correct: a set for another purpose
class Images(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows
        print(len(set(r[1] for r in rows)), "classes")
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        return self.rows[i]
