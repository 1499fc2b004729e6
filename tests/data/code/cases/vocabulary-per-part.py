#%% buggy: counted
from collections import Counter

class Texts(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows
        counts = Counter(w for t, _ in rows for w in t.split())
        self.vocab = {w: i for i, (w, _) in enumerate(counts.most_common())}  # BUG
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        text, label = self.rows[i]
        return torch.tensor([self.vocab.get(w, 0) for w in text.split()]), label

train_set = Texts([("a b", 0)])
val_set = Texts([("b c", 1)])
#%% buggy: builder
def build_vocab(texts):
    return {w: i for i, w in enumerate(sorted({w for t in texts for w in t.split()}))}

class Lines(torch.utils.data.Dataset):
    def __init__(self, split):
        self.texts = open(split + ".txt").read().splitlines()
        self.word2idx = build_vocab(self.texts)  # BUG
    def __getitem__(self, i):
        return [self.word2idx[w] for w in self.texts[i].split()]
    def __len__(self):
        return len(self.texts)

train, test = Lines("train"), Lines("test")
#%% correct: handed over
from collections import Counter

class Texts(torch.utils.data.Dataset):
    def __init__(self, rows, vocab=None):
        self.rows = rows
        counts = Counter(w for t, _ in rows for w in t.split())
        self.vocab = vocab or {w: i for i, (w, _) in enumerate(counts.most_common())}
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        text, label = self.rows[i]
        return torch.tensor([self.vocab.get(w, 0) for w in text.split()]), label

train_set = Texts([("a b", 0)])
val_set = Texts([("b c", 1)], train_set.vocab)
#%% correct: set afterwards
from collections import Counter

class Texts(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows
        counts = Counter(w for t, _ in rows for w in t.split())
        self.vocab = {w: i for i, (w, _) in enumerate(counts.most_common())}
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        text, label = self.rows[i]
        return torch.tensor([self.vocab.get(w, 0) for w in text.split()]), label

train_set = Texts([("a b", 0)])
val_set = Texts([("b c", 1)])
val_set.vocab = train_set.vocab
#%% correct: one part only
from collections import Counter

class Texts(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows
        counts = Counter(w for t, _ in rows for w in t.split())
        self.vocab = {w: i for i, (w, _) in enumerate(counts.most_common())}
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        text, label = self.rows[i]
        return torch.tensor([self.vocab.get(w, 0) for w in text.split()]), label

train_set = Texts([("a b", 0)])
#%% buggy: a table given and not used
from collections import Counter

class Notes(torch.utils.data.Dataset):
    def __init__(self, rows, vocab=None):
        self.rows = rows
        self.vocab = {w: i for i, (w, _) in enumerate(Counter(" ".join(rows).split()).most_common())}  # BUG
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        return torch.tensor([self.vocab.get(w, 0) for w in self.rows[i].split()])

train_notes = Notes(["a b"])
test_notes = Notes(["b c"], train_notes.vocab)
