#%% buggy: in
net = Net()
for name, p in net.named_parameters():
    if "head" in name:  # BUG
        p.requires_grad = False
#%% buggy: startswith
net = Net()
for name, p in net.named_parameters():
    if name.startswith("fc."):  # BUG
        p.requires_grad_(False)
#%% correct: not in
net = Net()
for name, p in net.named_parameters():
    if "head" not in name:
        p.requires_grad = False
#%% correct: thawed
net = Net()
for name, p in net.named_parameters():
    if "head" in name:
        p.requires_grad = True
    else:
        p.requires_grad = False
