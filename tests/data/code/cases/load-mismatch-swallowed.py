#%% buggy: wrapped when saved
net = nn.DataParallel(Net())
torch.save(net.state_dict(), "net.pt")
other = Net()
other.load_state_dict(torch.load("net.pt"), strict=False)  # BUG
#%% buggy: filtered part of a larger model
class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = Net()

    def forward(self, x):
        return self.net(x)

whole = Whole()
torch.save({"state": whole.state_dict()}, "whole.pt")
part = Net()
own = part.state_dict()
saved = torch.load("whole.pt")["state"]
own.update({k: v for k, v in saved.items() if k in own})
part.load_state_dict(own)  # BUG
#%% buggy: nobody looks
net = Net()
net.load_state_dict(torch.load("other.pt"), strict=False)  # BUG
#%% correct: prefix taken off
net = nn.DataParallel(Net())
torch.save(net.state_dict(), "net.pt")
state = {k.replace("module.", ""): v for k, v in torch.load("net.pt").items()}
other = Net()
other.load_state_dict(state, strict=False)
#%% correct: strict
net = Net()
net.load_state_dict(torch.load("net.pt"))
#%% correct: looked at
net = Net()
result = net.load_state_dict(torch.load("net.pt"), strict=False)
print(result.missing_keys)
#%% buggy: functions that save and load
#% file: module.py
import torch
import torch.nn as nn

class SegModel(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

def save(model, path):
    model = nn.DataParallel(model)
    torch.save(model.state_dict(), path)

def load(model, path):
    state = torch.load(path)
    model.load_state_dict(state, strict=False)  # BUG
    return model
#%% correct: functions that save and load
#% file: module.py
import torch
import torch.nn as nn

class SegModel(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

def save(model, path):
    model = nn.DataParallel(model)
    torch.save(model.state_dict(), path)

def load(model, path):
    state = torch.load(path)
    model.load_state_dict({k.replace("module.", ""): v for k, v in state.items()})
    return model
