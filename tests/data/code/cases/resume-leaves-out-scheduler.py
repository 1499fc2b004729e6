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
#%% buggy: attribute
#% file: train.py
import torch

class Main:
    def setup(self, args):
        self.model = build(args)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=args.lr)
        if args.resume:
            ckpt = torch.load(args.resume)
            self.model.load_state_dict(ckpt['model'])
            self.optimizer.load_state_dict(ckpt['optimizer'])
        else:
            self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 30)  # BUG

    def train(self, args):
        self.setup(args)
        for epoch in range(args.epochs):
            self.train_epoch()
            self.scheduler.step()
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
#%% correct: attribute
#% file: train.py
import torch

class Main:
    def setup(self, args):
        self.model = build(args)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=args.lr)
        if args.resume:
            ckpt = torch.load(args.resume)
            self.model.load_state_dict(ckpt['model'])
            self.optimizer.load_state_dict(ckpt['optimizer'])
            self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 30)
            self.scheduler.load_state_dict(ckpt['scheduler'])
        else:
            self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 30)

    def train(self, args):
        self.setup(args)
        for epoch in range(args.epochs):
            self.train_epoch()
            self.scheduler.step()
