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
#%% correct: infinity of the right sign
def fit(net, epochs, validate):
    best_loss, best_acc = float("inf"), 0
    for epoch in range(epochs):
        val_loss, acc = validate(net)
        if val_loss < best_loss:
            best_loss = val_loss
        if acc > best_acc:
            best_acc = acc
