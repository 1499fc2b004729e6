#%% buggy: recurrent
class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(100, 32)
        self.rnn = nn.LSTM(32, 64, batch_first=True)
        self.out = nn.Linear(64, 100)
    def forward(self, tokens):
        h, _ = self.rnn(self.emb(tokens))
        return self.out(h)
model = LM()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
texts = DataLoader(TensorDataset(torch.randint(0, 100, (50, 12))), batch_size=4, shuffle=True)
for (tokens,) in texts:
    o.zero_grad()
    logits = model(tokens)
    loss = F.cross_entropy(logits.view(-1, 100), tokens.view(-1))  # BUG
    loss.backward()
    o.step()
#%% buggy: causal attention
class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(100, 32)
        self.qkv = nn.Linear(32, 96)
        self.head = nn.Linear(32, 100)
    def forward(self, idx):
        q, k, v = self.qkv(self.wte(idx)).split(32, dim=2)
        x = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.head(x)
def train(gpt, opt, batches):
    for ids in batches:
        logits = gpt(ids)
        loss = F.cross_entropy(logits.reshape(-1, logits.size(-1)), ids.reshape(-1))  # BUG
        opt.zero_grad()
        loss.backward()
        opt.step()
g = GPT()
train(g, torch.optim.AdamW(g.parameters(), lr=1e-3), [torch.randint(0, 100, (2, 8))])
#%% buggy: gru, loss inside
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.g, self.o = nn.Embedding(50, 16), nn.GRU(16, 16), nn.Linear(16, 50)
    def forward(self, x, targets=None):
        h, _ = self.g(self.e(x))
        logits = self.o(h)
        if targets is None:
            return logits
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())  # BUG
m = M()
o = torch.optim.Adam(m.parameters())
for x in [torch.randint(0, 50, (7, 3))]:
    o.zero_grad()
    m(x, x).backward()
    o.step()
#%% correct: shifted
class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(100, 32)
        self.rnn = nn.LSTM(32, 64, batch_first=True)
        self.out = nn.Linear(64, 100)
    def forward(self, tokens):
        h, _ = self.rnn(self.emb(tokens))
        return self.out(h)
model = LM()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for tokens in [torch.randint(0, 100, (4, 12))]:
    o.zero_grad()
    logits = model(tokens[:, :-1])
    F.cross_entropy(logits.reshape(-1, 100), tokens[:, 1:].reshape(-1)).backward()
    o.step()
#%% correct: logits and labels shifted afterwards
class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(100, 32)
        self.rnn = nn.LSTM(32, 64, batch_first=True)
        self.out = nn.Linear(64, 100)
    def forward(self, tokens):
        h, _ = self.rnn(self.emb(tokens))
        logits = self.out(h)[:, :-1]
        return F.cross_entropy(logits.reshape(-1, 100), tokens[:, 1:].reshape(-1))
model = LM()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for tokens in [torch.randint(0, 100, (4, 12))]:
    o.zero_grad()
    model(tokens).backward()
    o.step()
#%% correct: tagging with labels of their own
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(100, 32)
        self.rnn = nn.LSTM(32, 64, batch_first=True)
        self.out = nn.Linear(64, 9)
    def forward(self, tokens):
        return self.out(self.rnn(self.emb(tokens))[0])
model = Tagger()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for tokens, tags in DataLoader(TensorDataset(torch.randint(0, 100, (8, 5)), torch.randint(0, 9, (8, 5))), 2, True):
    o.zero_grad()
    F.cross_entropy(model(tokens).view(-1, 9), tags.view(-1)).backward()
    o.step()
#%% buggy: rows of a cut text, cell by name
class SongLM(nn.Module):
    def __init__(self, cell="gru"):
        super().__init__()
        kind = nn.GRU if cell == "gru" else nn.LSTM
        self.emb, self.rnn, self.out = nn.Embedding(50, 16), kind(16, 16, batch_first=True), nn.Linear(16, 50)
    def forward(self, ids, labels):
        logits = self.out(self.rnn(self.emb(ids))[0])
        return F.cross_entropy(logits.reshape(-1, 50), labels.reshape(-1))  # BUG

class Rows(torch.utils.data.Dataset):
    def __init__(self, ids, n):
        self.rows = ids[: len(ids) // n * n].view(-1, n)
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        return {"ids": self.rows[i], "labels": self.rows[i].clone()}

def main(cell):
    net = SongLM(cell)
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for batch in DataLoader(Rows(torch.randint(0, 50, (999,)), 24), batch_size=8, shuffle=True):
        loss = net(batch["ids"], batch["labels"])
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% buggy: mask kept as a buffer
#% file: module.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class Block(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.attn = nn.MultiheadAttention(d, 4, batch_first=True)
        self.register_buffer("mask", torch.triu(torch.ones(n, n), 1).bool())

    def forward(self, x):
        t = x.size(1)
        return x + self.attn(x, x, x, attn_mask=self.mask[:t, :t])[0]

class GPT(nn.Module):
    def __init__(self, vocab, d, n):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.blocks = nn.Sequential(*[Block(d, n) for _ in range(2)])
        self.head = nn.Linear(d, vocab)

    def forward(self, idx):
        return self.head(self.blocks(self.tok(idx)))

class LMTrainer:
    def __init__(self, vocab):
        self.model = GPT(vocab, 64, 128)
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=3e-4)

    def step(self, tokens):
        logits = self.model(tokens)
        loss = F.cross_entropy(logits.view(-1, logits.size(-1)), tokens.view(-1))  # BUG
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
#%% correct: mask kept as a buffer
#% file: module.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class Block(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.attn = nn.MultiheadAttention(d, 4, batch_first=True)
        self.register_buffer("mask", torch.triu(torch.ones(n, n), 1).bool())

    def forward(self, x):
        t = x.size(1)
        return x + self.attn(x, x, x, attn_mask=self.mask[:t, :t])[0]

class GPT(nn.Module):
    def __init__(self, vocab, d, n):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.blocks = nn.Sequential(*[Block(d, n) for _ in range(2)])
        self.head = nn.Linear(d, vocab)

    def forward(self, idx):
        return self.head(self.blocks(self.tok(idx)))

class LMTrainer:
    def __init__(self, vocab):
        self.model = GPT(vocab, 64, 128)
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=3e-4)

    def step(self, tokens):
        logits = self.model(tokens)
        loss = F.cross_entropy(logits[:, :-1].reshape(-1, logits.size(-1)), tokens[:, 1:].reshape(-1))
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
