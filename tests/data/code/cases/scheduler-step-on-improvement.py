#%% buggy: in the branch that saves
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.ReduceLROnPlateau(o, patience=3)
best = float("inf")
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
    val = float(loss)
    if val < best:
        best = val
        torch.save(model.state_dict(), "best.pt")
        s.step(val)  # BUG
#%% buggy: accuracy
def fit(model, o, scheduler, evaluate):
    top = 0
    for epoch in range(10):
        acc = evaluate(model)
        if acc > top:
            top = acc
            scheduler.step(acc)  # BUG
#%% buggy: attribute
class T:
    def __init__(self, scheduler):
        self.scheduler, self.best = scheduler, 1e9
    def end(self, loss):
        if loss < self.best:
            self.best = loss
            self.scheduler.step(loss)  # BUG
#%% correct: every epoch
model = Net()
o = torch.optim.SGD(model.parameters(), lr=0.1)
s = torch.optim.lr_scheduler.ReduceLROnPlateau(o, patience=3)
best = float("inf")
for epoch in range(10):
    for x, y in loader:
        o.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        o.step()
    val = float(loss)
    s.step(val)
    if val < best:
        best = val
        torch.save(model.state_dict(), "best.pt")
#%% correct: after the warm-up
def fit(scheduler, evaluate, warmup):
    for epoch in range(10):
        val = evaluate()
        if epoch >= warmup:
            scheduler.step(val)
#%% correct: only with validation
def end(scheduler, val):
    if val is not None:
        scheduler.step(val)
