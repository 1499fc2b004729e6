#%% buggy: get with a default
class Vocab:
    def __init__(self, words):
        self.itos = sorted(set(words))
        self.stoi = {w: i for i, w in enumerate(self.itos)}
        self.unk = len(self.itos)  # BUG
    def __len__(self):
        return len(self.itos)
    def encode(self, words):
        return [self.stoi.get(w, self.unk) for w in words]
#%% buggy: conditional expression
class Labels:
    def __init__(self, table):
        self.table = dict(table)
        self.missing = len(self.table)  # BUG
    def __len__(self):
        return len(self.table)
    def code(self, x):
        return self.table[x] if x in self.table else self.missing
#%% buggy: returned after a failed look-up
class Ids:
    def __init__(self, names):
        self.names = list(names)
        self.other = len(self.names)  # BUG
    def __len__(self):
        return len(self.names)
    def of(self, name):
        if name in self.names:
            return self.names.index(name)
        return self.other
#%% correct: first entry
class Vocab:
    def __init__(self, words):
        self.itos = ["<unk>", *sorted(set(words))]
        self.stoi = {w: i for i, w in enumerate(self.itos)}
        self.unk = 0
    def __len__(self):
        return len(self.itos)
    def encode(self, words):
        return [self.stoi.get(w, self.unk) for w in words]
#%% correct: added afterwards
class Vocab:
    def __init__(self, words):
        self.itos = sorted(set(words))
        self.stoi = {w: i for i, w in enumerate(self.itos)}
        self.unk = len(self.itos)
        self.itos.append("<unk>")
    def __len__(self):
        return len(self.itos)
    def encode(self, words):
        return [self.stoi.get(w, self.unk) for w in words]
#%% correct: a count that is no id
class Words:
    def __init__(self, words):
        self.words = list(words)
        self.size = len(self.words)
    def __len__(self):
        return len(self.words)
    def describe(self):
        return f"{self.size} words"
