#%% buggy: only in the other branch
def main(args):
    model = Net()
    if args.resume:
        ckpt = torch.load(args.resume)
        model.load_state_dict(ckpt["model"])
        optimizer = torch.optim.Adam(model.parameters())
        optimizer.load_state_dict(ckpt["optimizer"])
    else:
        optimizer = torch.optim.Adam(model.parameters())
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 20)  # BUG
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        scheduler.step()
#%% buggy: length of a path
def run(opt, model, optimizer):
    if len(opt.resume) > 1:
        optimizer.load_state_dict(torch.load(opt.resume))
    else:
        lr_sched = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 250)  # BUG
    for epoch in range(3):
        lr_sched.step()
#%% buggy: script
resume = None
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
if resume is not None:
    model.load_state_dict(torch.load(resume))
else:
    sched = torch.optim.lr_scheduler.StepLR(optimizer, 2)  # BUG
for x, y in loader:
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
sched.step()
#%% correct: both
def run(opt, optimizer):
    if opt.resume:
        sched = torch.optim.lr_scheduler.StepLR(optimizer, 5)
        sched.load_state_dict(torch.load(opt.resume))
    else:
        sched = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    sched.step()
#%% correct: before
def run(opt, optimizer):
    sched = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    if opt.resume:
        sched.load_state_dict(torch.load(opt.resume))
    else:
        print("fresh")
    sched.step()
#%% correct: leaves
def run(opt, optimizer):
    if opt.resume:
        raise SystemExit("not supported")
    else:
        sched = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    sched.step()
