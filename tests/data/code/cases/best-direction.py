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
