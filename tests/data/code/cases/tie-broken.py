#%% buggy: vectors loaded
class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.emb, self.out = nn.Embedding(v, d), nn.Linear(d, v)
        self.out.weight = self.emb.weight

    def load_vectors(self, rows):
        self.emb = nn.Embedding.from_pretrained(rows, freeze=False)  # BUG

    def forward(self, x):
        return self.out(self.emb(x))

LM(100, 16).load_vectors(torch.randn(100, 16))
#%% buggy: enlarged from outside
class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.emb, self.out = nn.Embedding(v, d), nn.Linear(d, v)
        self.out.weight = self.emb.weight

    def forward(self, x):
        return self.out(self.emb(x))

model = LM(100, 16)
model.out = nn.Linear(16, 120)  # BUG
#%% correct: tied again
class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.emb, self.out = nn.Embedding(v, d), nn.Linear(d, v)
        self.out.weight = self.emb.weight

    def load_vectors(self, rows):
        self.emb = nn.Embedding.from_pretrained(rows, freeze=False)
        self.out.weight = self.emb.weight

    def forward(self, x):
        return self.out(self.emb(x))

LM(100, 16).load_vectors(torch.randn(100, 16))
