#%% buggy: function
def evaluate(net, batches):
    net.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for x, y in batches:
            correct = (net(x).argmax(1) == y).sum().item()  # BUG
            total += y.size(0)
    return correct / total
#%% buggy: loss of the last batch
def mean_loss(net, batches):
    net.eval()
    loss = 0.0
    n = 0
    with torch.no_grad():
        for x, y in batches:
            loss = F.cross_entropy(net(x), y, reduction="sum").item()  # BUG
            n += len(y)
    print("loss", loss / n)
#%% correct: summed
def evaluate(net, batches):
    net.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for x, y in batches:
            hits = (net(x).argmax(1) == y).sum().item()
            correct += hits
            total += y.size(0)
    return correct / total
#%% correct: last value kept on purpose
def follow(values):
    last, total = 0, 0
    for value in values:
        change = value - last
        last = value
        total += change
    return total / len(values), last
