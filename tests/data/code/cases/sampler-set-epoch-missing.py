#%% buggy: plain
from torch.utils.data.distributed import DistributedSampler
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
sampler = DistributedSampler(data)  # BUG
dl = DataLoader(data, batch_size=32, sampler=sampler)
for epoch in range(10):
    for x, y in dl:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
#%% buggy: function
import torch.utils.data.distributed as dist_data
def main():
    net = Net()
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    s = dist_data.DistributedSampler(data, shuffle=True)  # BUG
    dl = DataLoader(data, batch_size=32, sampler=s)
    for epoch in range(10):
        for i, (x, y) in enumerate(dl):
            opt.zero_grad()
            F.cross_entropy(net(x), y).backward()
            opt.step()
main()
#%% buggy: inline
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
dl = DataLoader(data, batch_size=8, sampler=torch.utils.data.DistributedSampler(data))  # BUG
def epoch_of(dl):
    for x, y in dl:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
for e in range(3):
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
