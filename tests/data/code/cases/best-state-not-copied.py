#%% buggy: variable
def fit(net, epochs, validate):
    best, best_weights = float("inf"), None
    for epoch in range(epochs):
        loss = validate(net)
        if loss < best:
            best, best_weights = loss, net.state_dict()  # BUG
    net.load_state_dict(best_weights)
#%% buggy: attribute
class Keeper:
    def __init__(self, net):
        self.net, self.best, self.best_state = net, 0.0, None

    def see(self, score):
        if score > self.best:
            self.best = score
            self.best_state = self.net.state_dict()  # BUG

    def restore(self):
        self.net.load_state_dict(self.best_state)
#%% correct: copied, or written to a file
import copy

def fit(net, epochs, validate):
    best, best_weights = float("inf"), None
    for epoch in range(epochs):
        loss = validate(net)
        if loss < best:
            best, best_weights = loss, copy.deepcopy(net.state_dict())
            torch.save(net.state_dict(), "best.pt")
    net.load_state_dict(best_weights)
#%% correct: clones
def fit(net, epochs, validate):
    best, best_weights = float("inf"), None
    for epoch in range(epochs):
        loss = validate(net)
        if loss < best:
            best, best_weights = loss, {k: v.detach().clone() for k, v in net.state_dict().items()}
    net.load_state_dict(best_weights)
