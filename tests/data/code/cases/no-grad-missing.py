#%% buggy: outputs in a list
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    outputs = []
    for x, y in loader:  # BUG
        outputs.append(model(x))
#%% buggy: loss total
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
def validate():
    model.eval()
    total = 0
    for x, y in loader:  # BUG
        out = model(x)
        loss = F.cross_entropy(out, y)
        total += loss
    return total / len(loader)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    print(validate())
#%% buggy: probabilities
class T:
    def __init__(self):
        self.model = Net()
        self.o = torch.optim.Adam(self.model.parameters())
    def fit(self):
        for _ in range(2):
            self.model.train()
            for x, y in loader:
                self.o.zero_grad()
                F.cross_entropy(self.model(x), y).backward()
                self.o.step()
            self.predict()
    def predict(self):
        self.model.eval()
        self.probs = []
        for x, _ in loader:  # BUG
            self.probs.append(torch.softmax(self.model(x), dim=1))
T().fit()
#%% correct: no_grad
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    outputs = []
    with torch.no_grad():
        for x, y in loader:
            outputs.append(model(x))
#%% correct: item
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    total, outputs = 0.0, []
    for x, y in loader:
        out = model(x)
        total += F.cross_entropy(out, y).item()
        outputs.append(out.detach().cpu())
#%% correct: decorator
@torch.inference_mode()
def collect(model, loader):
    model.eval()
    return [model(x) for x, _ in loader]
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    outputs = collect(model, loader)
#%% buggy: a validation hook that adds up the loss of reordered outputs
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(100, 16), nn.Linear(16, 7)
        self.total = 0.0
    def forward(self, words):
        return self.head(self.words(words))
    def training_step(self, words, tags):
        return F.cross_entropy(self(words).transpose(1, 2), tags)
    def validation_step(self, words, tags):
        self.total += F.cross_entropy(self(words).transpose(1, 2), tags, reduction="sum") / tags.shape[1]  # BUG
def validate(model, words, tags):
    model.eval()
    for w, t in zip(words.split(16), tags.split(16)):
        model.validation_step(w, t)
words, tags = torch.randint(100, (256, 12)), torch.randint(7, (256, 12))
model = Tagger()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for w, t in zip(words.split(16), tags.split(16)):
        loss = model.training_step(w, t)
        o.zero_grad()
        loss.backward()
        o.step()
    validate(model, words, tags)
#%% buggy: evaluate in library
#% file: engine.py
import torch
import numpy as np
from sklearn.metrics import roc_auc_score

def train_one_epoch(model, criterion, data_loader, optimizer, device, epoch):
    model.train()
    for samples, targets in data_loader:
        samples = samples.to(device)
        targets = targets.to(device)
        outputs = model(samples)
        loss = criterion(outputs, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

def evaluate(model, criterion, data_loader, device):
    model.eval()
    total_loss = 0
    preds, gts = [], []
    for samples, targets in data_loader:  # BUG
        samples = samples.to(device)
        targets = targets.to(device)
        outputs = model(samples)
        loss = criterion(outputs, targets)
        total_loss += loss
        preds.append(outputs)
        gts.append(targets)
    preds = torch.cat(preds).cpu().detach().numpy()
    gts = torch.cat(gts).cpu().numpy()
    return total_loss / len(data_loader), roc_auc_score(gts, preds)
#%% correct: evaluate in library
#% file: engine.py
import torch
import numpy as np
from sklearn.metrics import roc_auc_score

def train_one_epoch(model, criterion, data_loader, optimizer, device, epoch):
    model.train()
    for samples, targets in data_loader:
        samples = samples.to(device)
        targets = targets.to(device)
        outputs = model(samples)
        loss = criterion(outputs, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

@torch.no_grad()
def evaluate(model, criterion, data_loader, device):
    model.eval()
    total_loss = 0
    preds, gts = [], []
    for samples, targets in data_loader:
        samples = samples.to(device)
        targets = targets.to(device)
        outputs = model(samples)
        loss = criterion(outputs, targets)
        total_loss += loss
        preds.append(outputs)
        gts.append(targets)
    preds = torch.cat(preds).cpu().detach().numpy()
    gts = torch.cat(gts).cpu().numpy()
    return total_loss / len(data_loader), roc_auc_score(gts, preds)
#%% correct: embedding extraction in retrieval eval
#% file: retrieval.py
import torch
import torch.nn.functional as F
from tqdm import tqdm

def extract_features(net, loader):
    net.eval()
    feats, ids = [], []
    with torch.no_grad():
        for images, pids in tqdm(loader):
            f = net(images.cuda())
            feats.append(F.normalize(f, dim=1))
            ids.append(pids)
    return torch.cat(feats), torch.cat(ids)
#%% buggy: embedding extraction in retrieval eval
#% file: retrieval.py
import torch
import torch.nn.functional as F
from tqdm import tqdm

def extract_features(net, loader):
    net.eval()
    feats, ids = [], []
    for images, pids in tqdm(loader):  # BUG
        f = net(images.cuda())
        feats.append(F.normalize(f, dim=1))
        ids.append(pids)
    return torch.cat(feats), torch.cat(ids)
