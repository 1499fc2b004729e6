#%% buggy: adam
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.3)  # BUG
#%% buggy: sgd
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=0.5)  # BUG
#%% buggy: adamw
from torch.optim import AdamW
model = nn.Linear(20, 5)
DECAY = 0.8
o = AdamW(model.parameters(), lr=1e-3, weight_decay=DECAY)  # BUG
#%% correct: usual of adamw
model = nn.Linear(20, 5)
o = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
#%% correct: usual of sgd
model = nn.Linear(20, 5)
o = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
#%% correct: from an option
import argparse
p = argparse.ArgumentParser()
p.add_argument("--wd", type=float, default=0.01)
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=p.parse_args().wd)
