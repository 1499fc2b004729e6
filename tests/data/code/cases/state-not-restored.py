#%% buggy: functions
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)

def save(epoch):
    torch.save({"epoch": epoch, "model": net.state_dict(), "optimizer": opt.state_dict()}, "last.pt")

state = torch.load("last.pt")
net.load_state_dict(state["model"])  # BUG
for epoch in range(state["epoch"], 10):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    save(epoch)
#%% buggy: schedule left out
class Fit:
    def __init__(self):
        self.net, self.step = Net(), 0
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=1e-3)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, 1000)

    def save(self):
        torch.save(dict(net=self.net.state_dict(), opt=self.opt.state_dict(), sched=self.sched.state_dict(), step=self.step), "c.pt")

    def load(self):
        c = torch.load("c.pt")
        self.net.load_state_dict(c["net"])  # BUG
        self.opt.load_state_dict(c["opt"])
        self.step = c["step"]

    def run(self, n):
        while self.step < n:
            for x, y in loader:
                self.opt.zero_grad()
                F.cross_entropy(self.net(x), y).backward()
                self.opt.step()
                self.sched.step()
                self.step += 1

fit = Fit()
fit.load()
fit.run(100)
#%% correct: all of it
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)

def save(epoch):
    torch.save({"epoch": epoch, "model": net.state_dict(), "optimizer": opt.state_dict()}, "last.pt")

state = torch.load("last.pt")
net.load_state_dict(state["model"])
opt.load_state_dict(state["optimizer"])
for epoch in range(state["epoch"], 10):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    save(epoch)
#%% correct: only tested afterwards
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(3):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    torch.save({"epoch": epoch, "model": net.state_dict(), "optimizer": opt.state_dict()}, "last.pt")
net.load_state_dict(torch.load("last.pt")["model"])
net.eval()
#%% buggy: engine without its loop
#% file: module.py
import torch

class Engine:
    def __init__(self, model, optimizer, scheduler):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.start_epoch = 0

    def save(self, epoch, path):
        state = {
            "epoch": epoch,
            "state_dict": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
        }
        torch.save(state, path)

    def resume(self, path):
        checkpoint = torch.load(path, map_location="cpu")
        self.start_epoch = checkpoint["epoch"] + 1
        self.model.load_state_dict(checkpoint["state_dict"])  # BUG
        self.optimizer.load_state_dict(checkpoint["optimizer"])
#%% correct: engine without its loop
#% file: module.py
import torch

class Engine:
    def __init__(self, model, optimizer, scheduler):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.start_epoch = 0

    def save(self, epoch, path):
        state = {
            "epoch": epoch,
            "state_dict": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
        }
        torch.save(state, path)

    def resume(self, path):
        checkpoint = torch.load(path, map_location="cpu")
        self.start_epoch = checkpoint["epoch"] + 1
        self.model.load_state_dict(checkpoint["state_dict"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.scheduler.load_state_dict(checkpoint["scheduler"])
