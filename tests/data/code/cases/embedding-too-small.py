#%% buggy: ids
table = nn.Embedding(100, 16)  # BUG
table(torch.randint(0, 120, (8, 10)))
#%% buggy: constants by name
VOCAB, SIZE = 5000, 4000

class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(SIZE, 16)  # BUG
        self.out = nn.Linear(16, 5)
    def forward(self, x):
        return self.out(self.e(x).mean(1))

M()(torch.randint(0, VOCAB, (8, 10)))
#%% buggy: through a loader
rows = TensorDataset(torch.randint(1, 51, (300, 12)), torch.randint(0, 5, (300,)))
e = nn.Embedding(50, 20)  # BUG
head = nn.Linear(20, 5)
o = torch.optim.Adam([*e.parameters(), *head.parameters()], lr=1e-3)
for x, y in DataLoader(rows, batch_size=30, shuffle=True):
    loss = F.cross_entropy(head(e(x).mean(1)), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: as many
table = nn.Embedding(120, 16)
table(torch.randint(0, 120, (8, 10)))
#%% correct: settings object
from dataclasses import dataclass

@dataclass
class Settings:
    vocab: int = 8

class M(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.e = nn.Embedding(s.vocab, 16)
    def forward(self, x):
        return self.e(x)

M(Settings(vocab=1024))(torch.randint(0, 1024, (4, 4)))
#%% correct: folded into the table
table = nn.Embedding(100, 16)
table(torch.randint(0, 120, (8, 10)) % 100)
