#%% buggy: copy_ in the constructor
class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.wte = nn.Embedding(v, d)
        self.lm_head = nn.Linear(d, v, bias=False)
        self.lm_head.weight.data.copy_(self.wte.weight.data)  # BUG

    def forward(self, x):
        return self.lm_head(self.wte(x))

LM(100, 16)
#%% buggy: function that ties
def tie(model):
    with torch.no_grad():
        model.out.weight.copy_(model.inp.weight)  # BUG

class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.inp, self.out = nn.Embedding(v, d), nn.Linear(d, v, bias=False)

    def forward(self, x):
        return self.out(self.inp(x))

tie(LM(100, 16))
#%% correct: shared
class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.wte = nn.Embedding(v, d)
        self.lm_head = nn.Linear(d, v, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, x):
        return self.lm_head(self.wte(x))

LM(100, 16)
#%% correct: larger table filled from the old one
def enlarge(old, n):
    new = nn.Embedding(n, old.embedding_dim)
    new.weight.data[: old.num_embeddings].copy_(old.weight.data)
    return new

enlarge(nn.Embedding(10, 4), 12)
