#%% buggy: max with a loss
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="max", patience=2)  # BUG
for epoch in range(10):
    for x, y in loader:
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    val_loss = loss.item()
    sched.step(val_loss)
#%% buggy: the default with an accuracy
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt)  # BUG
for epoch in range(10):
    for x, y in loader:
        out = net(x)
        loss = F.cross_entropy(out, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    metrics = {"accuracy": (out.argmax(1) == y).float().mean().item()}
    sched.step(metrics["accuracy"])
#%% buggy: attributes of a runner
#% file: train.py
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

class Runner:
    def __init__(self, model, cfg):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
        self.scheduler = ReduceLROnPlateau(self.optimizer, 'min', factor=0.5, patience=3)  # BUG

    def fit(self, train_loader, val_loader):
        for epoch in range(100):
            self.train_epoch(train_loader)
            val_f1 = self.validate(val_loader)
            self.scheduler.step(val_f1)
#%% buggy: monitor of Lightning
#% file: train.py
import torch
import pytorch_lightning as pl

class LitSegmenter(pl.LightningModule):
    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", patience=5)  # BUG
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "monitor": "val_iou"}}
#%% correct: fitting modes
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="min", patience=2)
for epoch in range(10):
    for x, y in loader:
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    val_loss = loss.item()
    sched.step(val_loss)
#%% correct: attributes of a runner
#% file: train.py
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

class Runner:
    def __init__(self, model, cfg):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
        self.scheduler = ReduceLROnPlateau(self.optimizer, 'max', factor=0.5, patience=3)

    def fit(self, train_loader, val_loader):
        for epoch in range(100):
            self.train_epoch(train_loader)
            val_f1 = self.validate(val_loader)
            self.scheduler.step(val_f1)
#%% correct: monitor of Lightning
#% file: train.py
import torch
import pytorch_lightning as pl

class LitSegmenter(pl.LightningModule):
    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", patience=5)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "monitor": "val_iou"}}
