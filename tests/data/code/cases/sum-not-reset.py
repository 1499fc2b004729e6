#%% buggy: average of every epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
running_loss = 0.0
for epoch in range(10):  # BUG
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
        running_loss += loss.item()
    print(epoch, running_loss / len(loader))
#%% buggy: accuracy in a function
def fit(model, o, epochs):
    correct = 0
    for _ in range(epochs):  # BUG
        for x, y in loader:
            o.zero_grad()
            out = model(x)
            F.cross_entropy(out, y).backward()
            o.step()
            correct += (out.argmax(1) == y).float().mean().item()
        acc = correct / len(loader)
        print(acc)
m = Net()
fit(m, torch.optim.Adam(m.parameters()), 3)
#%% buggy: enumerated
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
total = 0
for epoch in range(4):  # BUG
    for i, (x, y) in enumerate(loader):
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
        total += float(loss)
    mean = total / len(loader)
    print(mean)
#%% buggy: method of an experiment
#% file: train.py
import torch

class Experiment:
    def __init__(self, args):
        self.args = args
        self.model = args.model
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=args.lr)

    def run(self, train_loader):
        total_loss = 0.0
        for epoch in range(self.args.epochs):  # BUG
            self.model.train()
            for i, batch in enumerate(train_loader):
                self.optimizer.zero_grad()
                loss = self.model.compute_loss(batch)
                loss.backward()
                self.optimizer.step()
                total_loss += loss.item()
            avg = total_loss / len(train_loader)
            print(f'epoch {epoch}: {avg:.4f}')
#%% correct: reset
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    running_loss = 0.0
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
        running_loss += loss.item()
    print(epoch, running_loss / len(loader))
#%% correct: reset at the end
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
running_loss = 0.0
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
        running_loss += loss.item()
    print(epoch, running_loss / len(loader))
    running_loss = 0.0
#%% correct: of the whole run
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
seen_steps, total = 0, 0.0
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
        seen_steps += 1
        total += loss.item()
print(total / seen_steps)
#%% correct: a variable of the epoch's function
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
def train_epoch():
    total = 0
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
        total += loss.item()
    print(total / len(loader))
for epoch in range(10):
    train_epoch()
#%% correct: method of an experiment
#% file: train.py
import torch

class Experiment:
    def __init__(self, args):
        self.args = args
        self.model = args.model
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=args.lr)

    def run(self, train_loader):
        for epoch in range(self.args.epochs):
            total_loss = 0.0
            self.model.train()
            for i, batch in enumerate(train_loader):
                self.optimizer.zero_grad()
                loss = self.model.compute_loss(batch)
                loss.backward()
                self.optimizer.step()
                total_loss += loss.item()
            avg = total_loss / len(train_loader)
            print(f'epoch {epoch}: {avg:.4f}')
