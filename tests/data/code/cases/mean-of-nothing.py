#%% buggy: pseudo labels
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    logits = model(x)
    confidence, guess = logits.softmax(1).max(1)
    losses = F.cross_entropy(logits, guess, reduction="none")
    loss = losses[confidence > 0.95].mean()  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: divided by the count
threshold = 0.9
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    logits = model(x)
    mask = (logits.softmax(1).amax(1) > threshold).float()
    loss = (F.cross_entropy(logits, y, reduction="none") * mask).sum() / mask.sum()  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: hard examples
class Hard(nn.Module):
    def __init__(self, thresh):
        super().__init__()
        self.thresh = thresh
    def forward(self, logits, y):
        losses = F.cross_entropy(logits, y, reduction="none")
        return losses[losses > self.thresh].mean()  # BUG
#%% buggy: hard examples of a loss module
#% file: train.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class OHEMLoss(nn.Module):
    def __init__(self, thresh=0.7):
        super().__init__()
        self.thresh = thresh
        self.criterion = nn.CrossEntropyLoss(reduction='none')

    def forward(self, logits, labels):
        loss = self.criterion(logits, labels).view(-1)
        return loss[loss > self.thresh].mean()  # BUG
#%% correct: count clamped
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    logits = model(x)
    mask = (logits.softmax(1).amax(1) > 0.9).float()
    loss = (F.cross_entropy(logits, y, reduction="none") * mask).sum() / mask.sum().clamp(min=1)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: masked and averaged over all
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    logits = model(x)
    mask = logits.softmax(1).amax(1).ge(0.95).float()
    loss = (F.cross_entropy(logits, y, reduction="none") * mask).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: padding is never everything
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    losses = F.cross_entropy(model(x), y, reduction="none")
    mask = (y != 0).float()
    loss = (losses * mask).sum() / mask.sum()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: hard examples of a loss module
#% file: train.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class OHEMLoss(nn.Module):
    def __init__(self, thresh=0.7):
        super().__init__()
        self.thresh = thresh
        self.criterion = nn.CrossEntropyLoss(reduction='none')

    def forward(self, logits, labels):
        loss = self.criterion(logits, labels).view(-1)
        hard = loss[loss > self.thresh]
        return hard.mean() if hard.numel() > 0 else loss.mean()
