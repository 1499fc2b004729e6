#%% buggy: a list in the code
#% file: train.py
import json
import pandas as pd
import torch
from torch import nn
import torch.nn.functional as F
COLUMNS = ["age", "weight", "days_on_ward"]  # BUG
table = pd.read_csv("patients.csv")
x = torch.tensor(table[COLUMNS].values, dtype=torch.float32)
y = torch.tensor(table["died"].values, dtype=torch.float32)
rows = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
train, val = rows[:40], rows[40:]
model = nn.Linear(3, 1)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    for part in train.split(8):
        loss = F.binary_cross_entropy_with_logits(model(x[part]).squeeze(1), y[part])
        opt.zero_grad()
        loss.backward()
        opt.step()
#% file: patients.csv
age,weight,days_on_ward,died
0.94,-1.40,36.6,0
0.87,-1.02,99.6,1
0.18,-0.83,33.5,0
0.69,0.99,96.8,1
-0.33,1.65,37.2,0
-0.01,2.40,92.3,1
0.80,-2.00,37.0,0
2.00,1.22,95.5,1
-0.45,0.08,33.7,0
1.05,2.23,93.2,1
-1.98,0.29,39.4,0
2.30,-0.16,99.7,1
-0.19,-0.99,43.4,0
-0.82,1.17,100.0,1
0.50,-0.55,35.4,0
2.30,0.47,106.0,1
0.19,2.61,41.8,0
-0.53,0.77,102.1,1
-2.32,-0.12,44.9,0
1.30,-0.34,93.9,1
0.49,-1.15,46.6,0
0.19,-0.92,97.2,1
-0.81,-0.56,36.3,0
0.12,0.24,103.0,1
-1.11,-0.95,37.9,0
0.56,0.10,89.8,1
1.70,-0.89,49.1,0
-0.85,-0.96,98.7,1
-0.22,-0.77,43.7,0
-1.30,1.06,95.9,1
1.25,-0.41,33.0,0
0.95,2.23,99.7,1
0.11,-0.40,35.6,0
-0.25,-1.32,93.0,1
0.07,1.62,42.6,0
0.97,0.25,95.7,1
0.19,-0.42,44.7,0
1.73,1.25,101.8,1
1.04,-0.66,39.5,0
0.29,-0.90,94.9,1
-0.88,-0.46,30.4,0
2.54,0.20,100.2,1
0.62,-0.16,42.4,0
0.98,0.74,88.8,1
1.04,0.15,43.1,0
0.96,0.26,107.1,1
-0.37,0.51,38.6,0
0.49,2.40,108.8,1
0.29,0.90,38.9,0
-1.40,0.53,98.5,1
-1.22,-2.30,47.0,0
1.04,0.52,96.2,1
-0.01,1.35,37.1,0
0.72,-1.01,100.9,1
-1.08,-0.50,38.2,0
1.37,0.40,96.8,1
-0.15,-0.06,39.8,0
-0.40,0.78,101.1,1
0.15,2.47,37.5,0
1.16,-1.54,109.4,1
#%% buggy: a list in the configuration
#% file: train.py
import json
import pandas as pd
import torch
from torch import nn
import torch.nn.functional as F
cfg = json.load(open("config.json"))
table = pd.read_csv("patients.csv")
x = torch.tensor(table[cfg["columns"]].values, dtype=torch.float32)  # BUG
y = torch.tensor(table["died"].values, dtype=torch.float32)
rows = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
train, val = rows[:40], rows[40:]
model = nn.Linear(3, 1)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    for part in train.split(8):
        loss = F.binary_cross_entropy_with_logits(model(x[part]).squeeze(1), y[part])
        opt.zero_grad()
        loss.backward()
        opt.step()
#% file: patients.csv
age,weight,days_on_ward,died
-0.93,-1.04,38.9,0
-0.47,-1.25,103.7,1
0.65,0.01,38.1,0
1.14,-0.63,96.3,1
0.92,-0.91,35.6,0
1.02,-0.31,95.0,1
-0.16,-0.26,36.4,0
0.76,0.67,105.1,1
-1.28,0.10,40.4,0
-1.57,-0.86,100.1,1
-1.78,0.38,46.5,0
-0.79,1.47,117.9,1
-0.28,-0.31,37.7,0
-2.41,-1.23,104.4,1
-0.28,0.63,39.9,0
0.43,0.54,94.5,1
0.41,0.29,34.0,0
-1.14,-0.52,113.6,1
1.59,1.15,38.4,0
0.75,-0.17,105.4,1
0.52,-1.92,44.1,0
1.40,-0.54,96.3,1
0.56,-0.58,41.4,0
0.53,-0.54,94.2,1
2.23,-0.78,41.2,0
0.34,-0.01,92.2,1
-0.88,-1.31,45.9,0
-0.32,-0.86,104.5,1
0.35,1.28,42.9,0
0.53,-0.88,107.6,1
-0.18,-0.89,38.9,0
0.30,1.46,112.1,1
-0.25,0.97,36.0,0
0.25,-0.73,100.5,1
0.60,0.19,38.1,0
0.44,-0.73,102.6,1
-0.39,0.23,44.8,0
-0.12,1.48,88.5,1
-0.63,0.95,38.4,0
-0.50,-0.52,107.7,1
1.77,-1.38,36.6,0
-0.19,1.41,98.9,1
0.39,0.17,40.0,0
0.14,1.00,100.2,1
-1.08,-0.13,33.4,0
0.59,-0.45,95.3,1
-2.02,2.20,39.4,0
2.23,-0.86,102.0,1
1.84,0.78,36.8,0
-1.56,-1.43,102.3,1
0.74,0.68,40.4,0
0.78,0.66,98.9,1
0.40,0.53,35.5,0
1.37,1.74,112.2,1
0.56,-0.06,33.7,0
1.34,0.84,95.9,1
0.77,-0.44,34.1,0
0.51,-0.32,97.1,1
-0.54,-0.45,33.1,0
2.66,1.49,94.5,1
#% file: config.json
{"columns": ["age", "weight", "days_on_ward"], "outcome": "died"}
#%% correct: columns that only help
#% file: train.py
import json
import pandas as pd
import torch
from torch import nn
import torch.nn.functional as F
COLUMNS = ["age", "weight", "days_on_ward"]
table = pd.read_csv("patients.csv")
x = torch.tensor(table[COLUMNS].values, dtype=torch.float32)
y = torch.tensor(table["died"].values, dtype=torch.float32)
rows = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
train, val = rows[:40], rows[40:]
model = nn.Linear(3, 1)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    for part in train.split(8):
        loss = F.binary_cross_entropy_with_logits(model(x[part]).squeeze(1), y[part])
        opt.zero_grad()
        loss.backward()
        opt.step()
#% file: patients.csv
age,weight,days_on_ward,died
0.55,0.13,39.6,0
2.25,0.72,34.5,1
-0.36,-1.78,41.9,0
0.67,0.19,39.0,1
0.04,0.28,49.6,0
0.68,-0.29,42.6,1
0.87,1.18,45.8,0
0.27,0.96,36.6,1
-1.35,-0.67,42.9,0
-1.08,1.65,39.5,1
0.56,-0.38,33.4,0
0.20,0.53,34.9,1
0.25,-0.96,31.6,0
-0.51,0.44,33.0,1
0.63,0.00,36.2,0
0.47,1.82,44.0,1
0.80,-0.30,32.4,0
1.50,1.32,42.7,1
0.57,0.59,40.8,0
0.20,1.01,41.2,1
-1.99,0.10,38.5,0
-0.96,1.71,52.0,1
-1.17,0.73,38.8,0
0.70,-0.56,40.5,1
1.36,0.28,38.4,0
0.16,-0.88,38.6,1
-1.29,1.16,29.7,0
0.63,-0.86,36.4,1
-0.61,-0.67,45.4,0
1.57,-1.27,33.9,1
1.54,1.58,43.4,0
-1.62,1.05,34.6,1
0.45,-1.12,40.7,0
-0.13,0.22,34.7,1
0.05,-1.10,40.5,0
0.12,2.24,43.2,1
-2.14,0.19,47.0,0
-0.00,-0.63,38.5,1
1.54,1.03,46.7,0
-0.62,-0.33,35.1,1
-0.17,0.46,34.2,0
1.08,2.07,34.5,1
-0.39,0.23,41.2,0
-1.11,1.07,41.0,1
-0.10,-0.23,51.2,0
-0.74,-0.07,38.0,1
0.85,0.40,44.5,0
0.67,2.70,40.8,1
0.16,-0.35,42.7,0
0.08,0.42,47.2,1
0.47,-0.19,44.8,0
0.54,1.35,41.1,1
0.41,-0.50,43.5,0
1.10,0.51,39.3,1
0.93,-0.20,35.9,0
0.64,2.33,35.2,1
-0.42,-0.48,42.3,0
0.48,-0.51,38.6,1
1.93,-1.45,41.5,0
-0.32,0.08,48.4,1
