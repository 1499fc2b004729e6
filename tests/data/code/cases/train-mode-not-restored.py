#%% buggy: eval in the epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
model.train()
for epoch in range(5):
    for x, y in loader:  # BUG
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            print(model(x).argmax(1))
#%% buggy: in a helper
@torch.no_grad()
def evaluate(net, loader):
    net.eval()
    return sum((net(x).argmax(1) == y).sum().item() for x, y in loader)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:  # BUG
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
    print(evaluate(net, loader))
#%% buggy: during the epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    o.zero_grad()
    F.cross_entropy(model(x), y).backward()
    o.step()
    if i % 100 == 0:
        model.eval()  # BUG
        with torch.no_grad():
            for a, b in loader:
                print(model(a).argmax(1))
#%% correct: train at the start
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            print(model(x).argmax(1))
#%% correct: restored by the helper
@torch.no_grad()
def evaluate(net, loader):
    was = net.training
    net.eval()
    score = sum((net(x).argmax(1) == y).sum().item() for x, y in loader)
    net.train(was)
    return score
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
    print(evaluate(net, loader))
#%% correct: evaluated once at the end
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    for x, y in loader:
        o.zero_grad()
        F.cross_entropy(model(x), y).backward()
        o.step()
model.eval()
with torch.no_grad():
    for x, y in loader:
        print(model(x).argmax(1))
#%% buggy: model of unknown build
from zoo import build_model
def main(cfg):
    model = build_model(cfg).cuda()
    o = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(5):
        for x, y in loader:  # BUG
            o.zero_grad()
            F.cross_entropy(model(x), y).backward()
            o.step()
        model.eval()
        with torch.no_grad():
            for x, y in loader:
                print(model(x).argmax(1))
main(None)
#%% correct: something unseen may switch it
from zoo import build_model, prepare_for_epoch
def main(cfg):
    model = build_model(cfg).cuda()
    o = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(5):
        prepare_for_epoch(model, epoch)
        for x, y in loader:
            o.zero_grad()
            F.cross_entropy(model(x), y).backward()
            o.step()
        model.eval()
        with torch.no_grad():
            for x, y in loader:
                print(model(x).argmax(1))
main(None)
#%% buggy: train moved out of epoch loop
#% file: main.py
import argparse
import torch
import torch.nn.functional as F
from models import build_resnet
from data import get_loaders

def evaluate(model, loader, device):
    model.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            pred = model(x).argmax(dim=1)
            correct += (pred == y).sum().item()
            total += y.size(0)
    return correct / total

def main(args):
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    train_loader, val_loader = get_loaders(args)
    model = build_resnet(args.depth, num_classes=10).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    model.train()
    for epoch in range(args.epochs):
        for i, (x, y) in enumerate(train_loader):  # BUG
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        acc = evaluate(model, val_loader, device)
        print(epoch, acc)

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--lr', type=float, default=0.1)
    parser.add_argument('--epochs', type=int, default=90)
    parser.add_argument('--depth', type=int, default=18)
    main(parser.parse_args())
#%% correct: train moved out of epoch loop
#% file: main.py
import argparse
import torch
import torch.nn.functional as F
from models import build_resnet
from data import get_loaders

def evaluate(model, loader, device):
    model.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            pred = model(x).argmax(dim=1)
            correct += (pred == y).sum().item()
            total += y.size(0)
    return correct / total

def main(args):
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    train_loader, val_loader = get_loaders(args)
    model = build_resnet(args.depth, num_classes=10).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    for epoch in range(args.epochs):
        model.train()
        for i, (x, y) in enumerate(train_loader):
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        acc = evaluate(model, val_loader, device)
        print(epoch, acc)

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--lr', type=float, default=0.1)
    parser.add_argument('--epochs', type=int, default=90)
    parser.add_argument('--depth', type=int, default=18)
    main(parser.parse_args())
#%% buggy: validation inside the step loop
#% file: solver.py
import torch
from tensorboardX import SummaryWriter

class Solver:
    def __init__(self, net, train_dl, val_dl, hps):
        self.net = net.cuda()
        self.train_dl, self.val_dl, self.hps = train_dl, val_dl, hps
        self.optim = torch.optim.RMSprop(self.net.parameters(), lr=hps.lr)
        self.writer = SummaryWriter(hps.logdir)
        self.global_step = 0

    def validate(self):
        self.net.eval()
        total = 0.
        with torch.no_grad():
            for imgs, masks in self.val_dl:
                pred = torch.sigmoid(self.net(imgs.cuda()))
                total += ((pred > 0.5).float() == masks.cuda()).float().mean().item()
        return total / len(self.val_dl)

    def train(self):
        self.net.train()
        for epoch in range(self.hps.epochs):
            for batch in self.train_dl:
                imgs, masks = batch['image'].cuda(), batch['mask'].cuda()
                loss = torch.nn.functional.binary_cross_entropy_with_logits(self.net(imgs), masks)
                self.optim.zero_grad()
                loss.backward()
                self.optim.step()
                self.global_step += 1
                if self.global_step % self.hps.eval_every == 0:
                    score = self.validate()  # BUG
                    self.writer.add_scalar('val', score, self.global_step)
#%% correct: validation inside the step loop
#% file: solver.py
import torch
from tensorboardX import SummaryWriter

class Solver:
    def __init__(self, net, train_dl, val_dl, hps):
        self.net = net.cuda()
        self.train_dl, self.val_dl, self.hps = train_dl, val_dl, hps
        self.optim = torch.optim.RMSprop(self.net.parameters(), lr=hps.lr)
        self.writer = SummaryWriter(hps.logdir)
        self.global_step = 0

    def validate(self):
        self.net.eval()
        total = 0.
        with torch.no_grad():
            for imgs, masks in self.val_dl:
                pred = torch.sigmoid(self.net(imgs.cuda()))
                total += ((pred > 0.5).float() == masks.cuda()).float().mean().item()
        self.net.train()
        return total / len(self.val_dl)

    def train(self):
        self.net.train()
        for epoch in range(self.hps.epochs):
            for batch in self.train_dl:
                imgs, masks = batch['image'].cuda(), batch['mask'].cuda()
                loss = torch.nn.functional.binary_cross_entropy_with_logits(self.net(imgs), masks)
                self.optim.zero_grad()
                loss.backward()
                self.optim.step()
                self.global_step += 1
                if self.global_step % self.hps.eval_every == 0:
                    score = self.validate()
                    self.writer.add_scalar('val', score, self.global_step)
#%% buggy: train called once in fit
#% file: fit.py
import torch
from utils import AverageMeter, save

class Experiment:
    def __init__(self, config):
        self.config = config
        self.model = config.build_model().to(config.device)
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=config.lr)

    def training_pass(self, loader):
        meter = AverageMeter()
        for xb, yb in loader:  # BUG
            self.opt.zero_grad()
            loss = self.config.criterion(self.model(xb), yb)
            loss.backward()
            self.opt.step()
            meter.update(loss.item())
        return meter.avg

    @torch.no_grad()
    def evaluation_pass(self, loader):
        self.model.eval()
        meter = AverageMeter()
        for xb, yb in loader:
            meter.update(self.config.criterion(self.model(xb), yb).item())
        return meter.avg

    def run(self, train_loader, val_loader):
        for epoch in range(self.config.epochs):
            tr = self.training_pass(train_loader)
            va = self.evaluation_pass(val_loader)
            save(self.model, epoch, tr, va)
#%% correct: train called once in fit
#% file: fit.py
import torch
from utils import AverageMeter, save

class Experiment:
    def __init__(self, config):
        self.config = config
        self.model = config.build_model().to(config.device)
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=config.lr)

    def training_pass(self, loader):
        self.model.train()
        meter = AverageMeter()
        for xb, yb in loader:
            self.opt.zero_grad()
            loss = self.config.criterion(self.model(xb), yb)
            loss.backward()
            self.opt.step()
            meter.update(loss.item())
        return meter.avg

    @torch.no_grad()
    def evaluation_pass(self, loader):
        self.model.eval()
        meter = AverageMeter()
        for xb, yb in loader:
            meter.update(self.config.criterion(self.model(xb), yb).item())
        return meter.avg

    def run(self, train_loader, val_loader):
        for epoch in range(self.config.epochs):
            tr = self.training_pass(train_loader)
            va = self.evaluation_pass(val_loader)
            save(self.model, epoch, tr, va)
