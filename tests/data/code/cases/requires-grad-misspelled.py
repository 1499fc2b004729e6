#%% buggy: loop
net = Net()
for p in net.body.parameters():
    p.require_grad = False  # BUG
#%% buggy: thawing
net = Net()
net.head.weight.requires_grads = True  # BUG
#%% correct: spelled right
net = Net()
for p in net.body.parameters():
    p.requires_grad = False
