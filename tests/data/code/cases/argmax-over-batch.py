#%% buggy: method
model = nn.Linear(20, 5)
with torch.no_grad():
    for x, y in loader:
        guess = model(x).argmax(0)  # BUG
        print(guess)
#%% buggy: function
model = nn.Linear(20, 5)
for x, y in loader:
    print(torch.argmax(model(x), dim=0))  # BUG
#%% buggy: softmax and max
model = nn.Linear(20, 5)
for x, y in loader:
    p = F.softmax(model(x), dim=1)
    value, guess = torch.max(p, 0)  # BUG
#%% buggy: in a test function
#% file: train.py
import torch
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)
    def forward(self, x):
        x = x.view(-1, 784)
        return self.fc2(torch.relu(self.fc1(x)))

def test(model, device, test_loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            data, target = data.to(device), target.to(device)
            output = model(data)
            pred = output.argmax(dim=0)  # BUG
            correct += pred.eq(target.view_as(pred)).sum().item()
    print(correct / len(test_loader.dataset))

test(Net(), 'cpu', make_loader())
#%% correct: classes
model = nn.Linear(20, 5)
for x, y in loader:
    print(model(x).argmax(1), torch.max(model(x), 1)[1])
#%% correct: one sample
model = nn.Linear(20, 5)
print(model(torch.randn(20)).argmax(0))
#%% correct: best sample of every class by mean
model = nn.Linear(20, 5)
for x, y in loader:
    print(model(x).mean(0).argmax(0))
#%% correct: in a test function
#% file: train.py
import torch
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)
    def forward(self, x):
        x = x.view(-1, 784)
        return self.fc2(torch.relu(self.fc1(x)))

def test(model, device, test_loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            data, target = data.to(device), target.to(device)
            output = model(data)
            pred = output.argmax(dim=1)
            correct += pred.eq(target.view_as(pred)).sum().item()
    print(correct / len(test_loader.dataset))

test(Net(), 'cpu', make_loader())
