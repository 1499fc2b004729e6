#%% buggy: keep probability
drop = nn.Dropout(p=0.98)  # BUG
#%% buggy: in a Sequential
model = nn.Sequential(
    nn.Linear(20, 64),
    nn.Dropout(0.99),  # BUG
    nn.Linear(64, 5),
)
#%% buggy: through a name
KEEP = 0.97
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.d = nn.Dropout2d(KEEP)  # BUG
m = M()
#%% correct: usual
drop = nn.Dropout(p=0.5)
#%% correct: none
drop = nn.Dropout(0.0)
#%% correct: from the settings
def block(p):
    return nn.Dropout(p)
