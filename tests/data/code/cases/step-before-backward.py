#%% buggy: step first
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    optimizer.step()  # BUG
    loss.backward()
#%% buggy: in a function
def run_epoch(model, optimizer, loader):
    for x, y in loader:
        out = model(x)
        loss = F.cross_entropy(out, y)
        optimizer.zero_grad()
        optimizer.step()  # BUG
        loss.backward()

net = Net()
run_epoch(net, torch.optim.SGD(net.parameters(), lr=0.1), loader)
#%% buggy: with a while loop
model = Net()
opt = torch.optim.AdamW(model.parameters(), lr=3e-4)
step = 0
while step < 1000:
    x, y = next(iter(loader))
    opt.zero_grad()
    loss = F.cross_entropy(model(x), y)
    opt.step()  # BUG
    loss.backward()
    step += 1
#%% correct: usual order
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
#%% correct: delayed update, one pass late
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.step()
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
#%% correct: accumulation
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
optimizer.zero_grad()
for i, (x, y) in enumerate(loader):
    (F.cross_entropy(model(x), y) / 2).backward()
    if i % 2 == 1:
        optimizer.step()
        optimizer.zero_grad()
#%% buggy: two networks that are not seen
#% file: module.py
import torch

def train_gan(netG, netD, dataloader, opt, device):
    optimizerD = torch.optim.Adam(netD.parameters(), lr=opt.lr)
    optimizerG = torch.optim.Adam(netG.parameters(), lr=opt.lr)
    criterion = torch.nn.BCEWithLogitsLoss()
    for epoch in range(opt.niter):
        for i, data in enumerate(dataloader, 0):
            netD.zero_grad()
            real = data[0].to(device)
            out = netD(real).view(-1)
            errD = criterion(out, torch.ones_like(out))
            errD.backward()
            optimizerD.step()
            netG.zero_grad()
            noise = torch.randn(real.size(0), opt.nz, device=device)
            fake = netD(netG(noise)).view(-1)
            errG = criterion(fake, torch.ones_like(fake))
            optimizerG.step()  # BUG
            errG.backward()
#%% correct: two networks that are not seen
#% file: module.py
import torch

def train_gan(netG, netD, dataloader, opt, device):
    optimizerD = torch.optim.Adam(netD.parameters(), lr=opt.lr)
    optimizerG = torch.optim.Adam(netG.parameters(), lr=opt.lr)
    criterion = torch.nn.BCEWithLogitsLoss()
    for epoch in range(opt.niter):
        for i, data in enumerate(dataloader, 0):
            netD.zero_grad()
            real = data[0].to(device)
            out = netD(real).view(-1)
            errD = criterion(out, torch.ones_like(out))
            errD.backward()
            optimizerD.step()
            netG.zero_grad()
            noise = torch.randn(real.size(0), opt.nz, device=device)
            fake = netD(netG(noise)).view(-1)
            errG = criterion(fake, torch.ones_like(fake))
            errG.backward()
            optimizerG.step()
