#%% buggy: plain
from torch.utils.data.distributed import DistributedSampler
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
sampler = DistributedSampler(data)
dl = DataLoader(data, batch_size=32, sampler=sampler)
for epoch in range(10):  # BUG
    for x, y in dl:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% buggy: function
import torch.utils.data.distributed as dist_data
def main():
    net = Net()
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    s = dist_data.DistributedSampler(data, shuffle=True)
    dl = DataLoader(data, batch_size=32, sampler=s)
    for epoch in range(10):  # BUG
        for i, (x, y) in enumerate(dl):
            opt.zero_grad()
            F.cross_entropy(net(x), y).backward()
            opt.step()
main()
#%% buggy: inline
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
dl = DataLoader(data, batch_size=8, sampler=torch.utils.data.DistributedSampler(data))
def epoch_of(dl):
    for x, y in dl:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
for e in range(3):  # BUG
    epoch_of(dl)
#%% correct: set
from torch.utils.data.distributed import DistributedSampler
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
sampler = DistributedSampler(data)
dl = DataLoader(data, batch_size=32, sampler=sampler)
for epoch in range(10):
    sampler.set_epoch(epoch)
    for x, y in dl:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% correct: through the loader
from torch.utils.data.distributed import DistributedSampler
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
dl = DataLoader(data, batch_size=32, sampler=DistributedSampler(data))
for epoch in range(10):
    dl.sampler.set_epoch(epoch)
    for x, y in dl:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% correct: not shuffled
from torch.utils.data.distributed import DistributedSampler
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
dl = DataLoader(data, batch_size=32, sampler=DistributedSampler(data, shuffle=False))
for epoch in range(10):
    for x, y in dl:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% buggy: for loop in launcher with helper get_loader
#% file: pretrain.py
import torch
import torch.distributed as dist
from torch.utils.data import DataLoader, DistributedSampler
from data import MaskedLM

def get_loader(args, train=True):
    ds = MaskedLM(args.path)
    sampler = DistributedSampler(ds, shuffle=train)
    return DataLoader(ds, batch_size=args.bs, sampler=sampler, num_workers=2, pin_memory=True)

def main(args, model, opt):
    loader = get_loader(args)
    for epoch in range(args.epochs):  # BUG
        for ids, mask, labels in loader:
            loss = model(ids.cuda(), attention_mask=mask.cuda(), labels=labels.cuda()).loss
            opt.zero_grad()
            loss.backward()
            opt.step()
#%% correct: for loop in launcher with helper get_loader
#% file: pretrain.py
import torch
import torch.distributed as dist
from torch.utils.data import DataLoader, DistributedSampler
from data import MaskedLM

def get_loader(args, train=True):
    ds = MaskedLM(args.path)
    sampler = DistributedSampler(ds, shuffle=train)
    return DataLoader(ds, batch_size=args.bs, sampler=sampler, num_workers=2, pin_memory=True)

def main(args, model, opt):
    loader = get_loader(args)
    for epoch in range(args.epochs):
        loader.sampler.set_epoch(epoch)
        for ids, mask, labels in loader:
            loss = model(ids.cuda(), attention_mask=mask.cuda(), labels=labels.cuda()).loss
            opt.zero_grad()
            loss.backward()
            opt.step()
