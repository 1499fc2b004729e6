#%% buggy: parameter of a clone
class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.tok_emb = nn.Embedding(v, d)
        self.head = nn.Linear(d, v, bias=False)
        self.head.weight = nn.Parameter(self.tok_emb.weight.clone())  # BUG

    def forward(self, x):
        return self.head(self.tok_emb(x))

LM(100, 16)
#%% buggy: function that ties
def tie_weights(model):
    model.decoder.weight = nn.Parameter(model.encoder.weight.detach().clone())  # BUG

class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.encoder, self.decoder = nn.Embedding(v, d), nn.Linear(d, v, bias=False)

    def forward(self, x):
        return self.decoder(self.encoder(x))

tie_weights(LM(100, 16))
#%% correct: the parameter itself
class LM(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.tok_emb = nn.Embedding(v, d)
        self.head = nn.Linear(d, v, bias=False)
        self.head.weight = self.tok_emb.weight

    def forward(self, x):
        return self.head(self.tok_emb(x))

LM(100, 16)
#%% correct: a copy of a layer that is no embedding
def grow(old, new):
    new.weight = nn.Parameter(old.weight.detach().clone())
    return new

grow(nn.Linear(4, 4), nn.Linear(4, 4))
