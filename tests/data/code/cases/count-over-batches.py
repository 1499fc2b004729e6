#%% buggy: percent
def test(net, batches):
    net.eval()
    hits = 0
    with torch.no_grad():
        for x, y in batches:
            hits += (net(x).argmax(1) == y).sum().item()
    return 100.0 * hits / len(batches)  # BUG

test(Net(), loader)
#%% buggy: eq and a print
def validate(net):
    net.eval()
    right = 0
    with torch.no_grad():
        for x, y in loader:
            right += net(x).argmax(dim=-1).eq(y).sum().item()
    print("accuracy", right / len(loader))  # BUG

validate(Net())
#%% buggy: loader handed in
#% file: train.py
import torch

def evaluate(model, dataloader, device):
    model.eval()
    total_correct = 0
    with torch.no_grad():
        for batch in dataloader:
            inputs = batch['input_ids'].to(device)
            labels = batch['labels'].to(device)
            logits = model(inputs)
            preds = torch.argmax(logits, dim=1)
            total_correct += (preds == labels).sum().item()
    return total_correct / len(dataloader)  # BUG
#%% buggy: enumerated by an evaluator
#% file: train.py
import torch

class Evaluator(object):
    def __call__(self, net, loader):
        hits, losses = 0, 0
        net.eval()
        for i, sample in enumerate(loader):
            with torch.no_grad():
                logits = net(sample['image'].cuda())
            hits += torch.sum(logits.argmax(1) == sample['label'].cuda()).item()
        accuracy = 100.0 * hits / len(loader)  # BUG
        return {'acc': accuracy}
#%% correct: number of samples
def test(net, batches):
    net.eval()
    hits = 0
    with torch.no_grad():
        for x, y in batches:
            hits += (net(x).argmax(1) == y).sum().item()
    return 100.0 * hits / len(batches.dataset)

test(Net(), loader)
#%% correct: mean of each batch
def test(net, batches):
    net.eval()
    share = 0.0
    with torch.no_grad():
        for x, y in batches:
            share += (net(x).argmax(1) == y).float().mean().item()
    return share / len(batches)

test(Net(), loader)
#%% correct: loader handed in
#% file: train.py
import torch

def evaluate(model, dataloader, device):
    model.eval()
    total_correct = 0
    with torch.no_grad():
        for batch in dataloader:
            inputs = batch['input_ids'].to(device)
            labels = batch['labels'].to(device)
            logits = model(inputs)
            preds = torch.argmax(logits, dim=1)
            total_correct += (preds == labels).sum().item()
    return total_correct / len(dataloader.dataset)
#%% correct: enumerated by an evaluator
#% file: train.py
import torch

class Evaluator(object):
    def __call__(self, net, loader):
        hits, losses = 0, 0
        net.eval()
        for i, sample in enumerate(loader):
            with torch.no_grad():
                logits = net(sample['image'].cuda())
            hits += torch.sum(logits.argmax(1) == sample['label'].cuda()).item()
        accuracy = 100.0 * hits / len(loader.dataset)
        return {'acc': accuracy}
