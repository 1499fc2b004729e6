#%% buggy: zero for a loss
def fit(net, epochs, validate):
    best_loss = 0  # BUG
    for epoch in range(epochs):
        val_loss = validate(net)
        if val_loss < best_loss:
            best_loss = val_loss
            torch.save(net.state_dict(), "best.pt")
#%% buggy: infinity for an accuracy
best_acc = float("inf")  # BUG
for epoch in range(10):
    acc = 0.1 * epoch
    if acc > best_acc:
        best_acc = acc
        torch.save({}, "best.pt")
#%% buggy: attribute tested in another method
#% file: train.py
import numpy as np

class EarlyStopping:
    def __init__(self, patience=7):
        self.patience = patience
        self.counter = 0
        self.val_loss_min = 0  # BUG
        self.early_stop = False

    def __call__(self, val_loss, model):
        if val_loss < self.val_loss_min:
            self.val_loss_min = val_loss
            self.counter = 0
            self.save_checkpoint(model)
        else:
            self.counter += 1
            if self.counter >= self.patience:
                self.early_stop = True
#%% correct: infinity of the right sign
def fit(net, epochs, validate):
    best_loss, best_acc = float("inf"), 0
    for epoch in range(epochs):
        val_loss, acc = validate(net)
        if val_loss < best_loss:
            best_loss = val_loss
        if acc > best_acc:
            best_acc = acc
#%% correct: attribute tested in another method
#% file: train.py
import numpy as np

class EarlyStopping:
    def __init__(self, patience=7):
        self.patience = patience
        self.counter = 0
        self.val_loss_min = np.inf
        self.early_stop = False

    def __call__(self, val_loss, model):
        if val_loss < self.val_loss_min:
            self.val_loss_min = val_loss
            self.counter = 0
            self.save_checkpoint(model)
        else:
            self.counter += 1
            if self.counter >= self.patience:
                self.early_stop = True
