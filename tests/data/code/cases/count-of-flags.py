#%% buggy: tokens
def count(batches, pad):
    n = 0
    for batch in batches:
        n += batch.view(-1).ne(pad)  # BUG
    return n
#%% buggy: accuracy
model = Net().eval()
right = 0
with torch.no_grad():
    for x, y in loader:
        right += model(x).argmax(dim=1).eq(y)  # BUG
#%% buggy: max
def evaluate(net, loader):
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            _, pred = torch.max(net(x), 1)
            correct += pred.eq(y)  # BUG
    return correct / len(loader.dataset)
#%% correct: summed
def evaluate(net, loader):
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            pred = net(x).argmax(1)
            correct += pred.eq(y).sum().item()
    return correct / len(loader.dataset)
#%% correct: single numbers
def same(a, b):
    n = 0
    for p, q in zip(a, b):
        n += p == q
    return n
#%% correct: mask joined
def mask(batch, pad, eos):
    m = batch.view(-1).ne(pad)
    m &= batch.view(-1).ne(eos)
    return m.sum()
#%% buggy: comparison with a sign
#% file: module.py
import torch

class Evaluator:
    def __init__(self, model, device):
        self.model, self.device = model, device

    @torch.no_grad()
    def evaluate(self, loader):
        self.model.eval()
        correct, total = 0, 0
        for images, labels in loader:
            images, labels = images.to(self.device), labels.to(self.device)
            outputs = self.model(images)
            _, predicted = torch.max(outputs.data, 1)
            total += labels.size(0)
            correct += (predicted == labels)  # BUG
        return 100.0 * correct / total
#%% correct: comparison with a sign
#% file: module.py
import torch

class Evaluator:
    def __init__(self, model, device):
        self.model, self.device = model, device

    @torch.no_grad()
    def evaluate(self, loader):
        self.model.eval()
        correct, total = 0, 0
        for images, labels in loader:
            images, labels = images.to(self.device), labels.to(self.device)
            outputs = self.model(images)
            _, predicted = torch.max(outputs.data, 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
        return 100.0 * correct / total
