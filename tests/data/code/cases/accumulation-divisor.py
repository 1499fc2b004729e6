#%% buggy: running count
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
count = 0
for x, y in loader:
    count += 1
    loss = F.cross_entropy(model(x), y)
    loss = loss / count  # BUG
    loss.backward()
    if count == 8:
        optimizer.step()
        optimizer.zero_grad()
        count = 0
#%% buggy: in a function
def train(model, optimizer, loader, k):
    n = 0
    for x, y in loader:
        n = n + 1
        loss = F.cross_entropy(model(x), y) / n  # BUG
        loss.backward()
        if n % k == 0:
            optimizer.step()
            optimizer.zero_grad()
model = Net()
train(model, torch.optim.Adam(model.parameters()), loader, 4)
#%% buggy: scaled by amp
model = Net()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.cuda.amp.GradScaler()
micro = 0
for x, y in loader:
    micro += 1
    loss = F.cross_entropy(model(x), y)
    scaler.scale(loss / micro).backward()  # BUG
    if micro == 4:
        scaler.step(opt)
        scaler.update()
        opt.zero_grad()
        micro = 0
#%% buggy: attribute counted up
#% file: train.py
import torch

class Worker:
    def train(self):
        self.acc_count = 0
        for i, batch in enumerate(self.loader):
            self.acc_count += 1
            loss = self.model(batch).loss
            loss = loss / self.acc_count  # BUG
            loss.backward()
            if self.acc_count == self.acc_steps:
                self.optimizer.step()
                self.optimizer.zero_grad()
                self.acc_count = 0
#%% correct: fixed number
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
count, k = 0, 8
for x, y in loader:
    count += 1
    loss = F.cross_entropy(model(x), y) / k
    loss.backward()
    if count == k:
        optimizer.step()
        optimizer.zero_grad()
        count = 0
#%% correct: count only for the report
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
seen, total = 0, 0.0
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    seen += 1
    total += loss.item()
    print(total / seen)
#%% correct: divided by the batch size
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y, reduction="sum") / len(x)
    loss.backward()
    optimizer.step()
#%% correct: attribute counted up
#% file: train.py
import torch

class Worker:
    def train(self):
        self.acc_count = 0
        for i, batch in enumerate(self.loader):
            self.acc_count += 1
            loss = self.model(batch).loss
            loss = loss / self.acc_steps
            loss.backward()
            if self.acc_count == self.acc_steps:
                self.optimizer.step()
                self.optimizer.zero_grad()
                self.acc_count = 0
