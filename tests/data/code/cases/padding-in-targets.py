#%% buggy: pad_sequence
from torch.nn.utils.rnn import pad_sequence
model = nn.Sequential(nn.Embedding(50, 32), nn.Linear(32, 50))
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for batch in [[torch.randint(1, 50, (n,)) for n in (5, 9, 7)]]:
    ids = pad_sequence(batch, batch_first=True, padding_value=0)
    logits = model(ids[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, 50), ids[:, 1:].reshape(-1))  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: loss object, transposed logits
from torch.nn.utils import rnn
tagger = nn.Sequential(nn.Embedding(50, 32), nn.Linear(32, 7))
criterion = nn.CrossEntropyLoss()  # BUG
o = torch.optim.Adam(tagger.parameters(), lr=1e-3)
for words, tags in [([torch.randint(1, 50, (n,)) for n in (5, 9)], [torch.randint(1, 7, (n,)) for n in (5, 9)])]:
    x = rnn.pad_sequence(words, batch_first=True)
    y = rnn.pad_sequence(tags, batch_first=True)
    loss = criterion(tagger(x).transpose(1, 2), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: helper
from torch.nn.utils.rnn import pad_sequence
def targets_of(rows):
    return pad_sequence(rows, batch_first=True, padding_value=0).long()

head = nn.Linear(20, 7)
o = torch.optim.Adam(head.parameters(), lr=1e-3)
for step in range(10):
    y = targets_of([torch.randint(1, 7, (n,)) for n in (4, 6)])
    loss = F.nll_loss(F.log_softmax(head(torch.randn(2, 6, 20)), dim=-1).view(-1, 7), y.view(-1))  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: collate object
#% file: train.py
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence

class Collator:
    def __init__(self, pad_idx):
        self.pad_idx = pad_idx
    def __call__(self, batch):
        src = pad_sequence([b[0] for b in batch], padding_value=self.pad_idx, batch_first=True)
        trg = pad_sequence([b[1] for b in batch], padding_value=self.pad_idx, batch_first=True)
        return src, trg

def train(model, dataset, pad_idx, optimizer):
    loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True, collate_fn=Collator(pad_idx))
    criterion = nn.CrossEntropyLoss()  # BUG
    for src, trg in loader:
        optimizer.zero_grad()
        output = model(src, trg[:, :-1])
        loss = criterion(output.reshape(-1, output.shape[-1]), trg[:, 1:].reshape(-1))
        loss.backward()
        optimizer.step()
#%% correct: ignored
from torch.nn.utils.rnn import pad_sequence
model = nn.Sequential(nn.Embedding(50, 32), nn.Linear(32, 50))
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for batch in [[torch.randint(1, 50, (n,)) for n in (5, 9, 7)]]:
    ids = pad_sequence(batch, batch_first=True, padding_value=0)
    loss = F.cross_entropy(model(ids[:, :-1]).reshape(-1, 50), ids[:, 1:].reshape(-1), ignore_index=0)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: padded with the default index
from torch.nn.utils.rnn import pad_sequence
tagger = nn.Sequential(nn.Embedding(50, 32), nn.Linear(32, 7))
criterion = nn.CrossEntropyLoss()
o = torch.optim.Adam(tagger.parameters(), lr=1e-3)
for words, tags in [([torch.randint(1, 50, (n,)) for n in (5, 9)], [torch.randint(1, 7, (n,)) for n in (5, 9)])]:
    x = pad_sequence(words, batch_first=True)
    y = pad_sequence(tags, batch_first=True, padding_value=-100)
    loss = criterion(tagger(x).transpose(1, 2), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: masked by hand
from torch.nn.utils.rnn import pad_sequence
tagger = nn.Sequential(nn.Embedding(50, 32), nn.Linear(32, 7))
o = torch.optim.Adam(tagger.parameters(), lr=1e-3)
for words, tags in [([torch.randint(1, 50, (n,)) for n in (5, 9)], [torch.randint(1, 7, (n,)) for n in (5, 9)])]:
    x, y = pad_sequence(words, batch_first=True), pad_sequence(tags, batch_first=True)
    losses = F.cross_entropy(tagger(x).transpose(1, 2), y, reduction="none")
    keep = (x != 0).float()
    loss = (losses * keep).sum() / keep.sum()
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: lists made up to a length
def pad(tags):
    return tags + [0] * (120 - len(tags))

model = nn.Sequential(nn.Embedding(500, 32), nn.Linear(32, 6))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
words, tags = torch.tensor([[1] * 120]), torch.tensor([pad(t) for t in ([1, 2], [3])])
for step in range(100):
    loss = F.cross_entropy(model(words).transpose(1, 2), tags)  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: lists made up with the value that is left out
def pad(tags):
    return tags + [-100] * (120 - len(tags))

model = nn.Sequential(nn.Embedding(500, 32), nn.Linear(32, 6))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
words, tags = torch.tensor([[1] * 120]), torch.tensor([pad(t) for t in ([1, 2], [3])])
for step in range(100):
    loss = F.cross_entropy(model(words).transpose(1, 2), tags)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: padding left out by the loss
def pad(tags):
    return tags + [0] * (120 - len(tags))

model = nn.Sequential(nn.Embedding(500, 32), nn.Linear(32, 6))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
words, tags = torch.tensor([[1] * 120]), torch.tensor([pad(t) for t in ([1, 2], [3])])
criterion = nn.CrossEntropyLoss(ignore_index=0)
for step in range(100):
    loss = criterion(model(words).transpose(1, 2), tags)
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: in the collate function
from torch.nn.utils.rnn import pad_sequence

def collate(batch):
    xs, ys = zip(*batch)
    return pad_sequence(xs, batch_first=True), pad_sequence(ys, batch_first=True)

rows = [(torch.randint(1, 9, (n,)), torch.randint(1, 4, (n,))) for n in (3, 5, 2)]
tagger = nn.Sequential(nn.Embedding(9, 8), nn.Linear(8, 4))
opt = torch.optim.Adam(tagger.parameters(), lr=1e-3)
for x, y in DataLoader(rows, batch_size=2, shuffle=True, collate_fn=collate):
    loss = F.cross_entropy(tagger(x).flatten(0, 1), y.flatten())  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: ignored after the collate function
from torch.nn.utils.rnn import pad_sequence

def collate(batch):
    xs, ys = zip(*batch)
    return pad_sequence(xs, batch_first=True), pad_sequence(ys, batch_first=True, padding_value=-100)

rows = [(torch.randint(1, 9, (n,)), torch.randint(1, 4, (n,))) for n in (3, 5, 2)]
tagger = nn.Sequential(nn.Embedding(9, 8), nn.Linear(8, 4))
opt = torch.optim.Adam(tagger.parameters(), lr=1e-3)
for x, y in DataLoader(rows, batch_size=2, shuffle=True, collate_fn=collate):
    loss = F.cross_entropy(tagger(x).flatten(0, 1), y.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: collate object
#% file: train.py
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence

class Collator:
    def __init__(self, pad_idx):
        self.pad_idx = pad_idx
    def __call__(self, batch):
        src = pad_sequence([b[0] for b in batch], padding_value=self.pad_idx, batch_first=True)
        trg = pad_sequence([b[1] for b in batch], padding_value=self.pad_idx, batch_first=True)
        return src, trg

def train(model, dataset, pad_idx, optimizer):
    loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True, collate_fn=Collator(pad_idx))
    criterion = nn.CrossEntropyLoss(ignore_index=pad_idx)
    for src, trg in loader:
        optimizer.zero_grad()
        output = model(src, trg[:, :-1])
        loss = criterion(output.reshape(-1, output.shape[-1]), trg[:, 1:].reshape(-1))
        loss.backward()
        optimizer.step()
