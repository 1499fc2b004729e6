#%% buggy: eval
def evaluate(net):
    net.eval  # BUG
    with torch.no_grad():
        return [net(x).argmax(1) for x, _ in loader]

evaluate(Net())
#%% buggy: train
class Fit:
    def __init__(self):
        self.net = Net()

    def epoch(self):
        self.net.train  # BUG
        return [self.net(x) for x, _ in loader]
#%% correct: called
def evaluate(net):
    net.eval()
    with torch.no_grad():
        return [net(x).argmax(1) for x, _ in loader]

evaluate(Net())
