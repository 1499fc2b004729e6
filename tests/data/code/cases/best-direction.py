#%% buggy: higher loss kept
import copy

def fit(net, epochs, validate):
    best_loss, kept = float("-inf"), None
    for epoch in range(epochs):
        val_loss = validate(net)
        if val_loss > best_loss:  # BUG
            best_loss = val_loss
            kept = copy.deepcopy(net.state_dict())
    return kept
#%% buggy: attribute and accuracy
class Keeper:
    def __init__(self):
        self.best_acc = 0.0

    def update(self, net, metrics):
        if metrics["val_acc"] < self.best_acc:  # BUG
            self.best_acc = metrics["val_acc"]
            torch.save(net.state_dict(), "best.pt")
#%% buggy: comparison kept under a name
#% file: train.py
import torch

class Trainer:
    def __init__(self, config):
        self.config = config
        self.best_val_loss = float('inf')

    def train(self):
        for epoch in range(self.config.epochs):
            self._train_epoch(epoch)
            val_loss, val_acc = self._valid_epoch(epoch)
            is_best = val_loss > self.best_val_loss  # BUG
            if is_best:
                self.best_val_loss = val_loss
                self._save_checkpoint(epoch)
#%% correct: both ways round
import copy

def fit(net, epochs, validate):
    best_loss, best_acc, kept = float("inf"), 0.0, None
    for epoch in range(epochs):
        val_loss, val_acc = validate(net)
        if val_loss < best_loss:
            best_loss = val_loss
            kept = copy.deepcopy(net.state_dict())
        if best_acc < val_acc:
            best_acc = val_acc
    return kept
#%% correct: a limit
def watch(losses):
    worst_loss = 0.0
    for loss in losses:
        if loss > worst_loss:
            worst_loss = loss
    return worst_loss
#%% correct: comparison kept under a name
#% file: train.py
import torch

class Trainer:
    def __init__(self, config):
        self.config = config
        self.best_val_loss = float('inf')

    def train(self):
        for epoch in range(self.config.epochs):
            self._train_epoch(epoch)
            val_loss, val_acc = self._valid_epoch(epoch)
            is_best = val_loss < self.best_val_loss
            if is_best:
                self.best_val_loss = val_loss
                self._save_checkpoint(epoch)
