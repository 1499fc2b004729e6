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
