#%% buggy: plain
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
accum = 8
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(model(x), y)
    loss.backward()  # BUG
    if (i + 1) % accum == 0:
        optimizer.step()
        optimizer.zero_grad()
#%% buggy: with a scaler
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.cuda.amp.GradScaler()
for step, (x, y) in enumerate(loader):
    with torch.cuda.amp.autocast():
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()  # BUG
    if step % 4 == 3:
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
#%% buggy: other divisor
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(model(x), y) / 4  # BUG
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()
#%% buggy: criterion handed in, configured number
#% file: train.py
import torch
from tqdm import tqdm

class BaseTrainer:
    def __init__(self, model, criterion, optimizer, config, device):
        self.config = config
        self.device = device
        self.model = model.to(device)
        self.criterion = criterion
        self.optimizer = optimizer
        self.grad_accum = config['trainer']['grad_accum']

class Trainer(BaseTrainer):
    def _train_epoch(self, epoch):
        self.model.train()
        for batch_idx, batch in enumerate(tqdm(self.train_loader)):
            inputs = batch['image'].to(self.device)
            targets = batch['label'].to(self.device)
            output = self.model(inputs)
            loss = self.criterion(output, targets)
            loss.backward()  # BUG
            if (batch_idx + 1) % self.grad_accum == 0:
                self.optimizer.step()
                self.optimizer.zero_grad()
            self.metrics.update('loss', loss.item())
#%% buggy: first output of a labelled model
#% file: train.py
import torch
from accelerate.utils import set_seed

def train(args, model, train_dataloader, optimizer, lr_scheduler):
    model.zero_grad()
    tr_loss, global_step = 0.0, 0
    for epoch in range(int(args.num_train_epochs)):
        for step, batch in enumerate(train_dataloader):
            model.train()
            batch = tuple(t.to(args.device) for t in batch)
            inputs = {"input_ids": batch[0], "attention_mask": batch[1], "labels": batch[3]}
            outputs = model(**inputs)
            loss = outputs[0]
            loss.backward()  # BUG
            tr_loss += loss.item()
            if (step + 1) % args.gradient_accumulation_steps == 0:
                optimizer.step()
                lr_scheduler.step()
                model.zero_grad()
                global_step += 1
    return global_step, tr_loss / global_step
#%% buggy: detector in a trainer
#% file: train.py
import torch

class DetectorTrainer:
    def fit_epoch(self, data_loader):
        self.detector.train()
        accumulate = max(round(64 / self.batch_size), 1)
        for i, (imgs, targets, paths) in enumerate(data_loader):
            ni = i + self.nb * self.epoch
            pred = self.detector(imgs.to(self.device))
            loss, loss_items = self.compute_loss(pred, targets.to(self.device))
            loss.backward()  # BUG
            if ni % self.accumulate == 0:
                self.optimizer.step()
                self.optimizer.zero_grad()
#%% correct: divided
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(model(x), y) / 8
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()
#%% correct: sum reduction
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    loss = F.cross_entropy(model(x), y, reduction="sum")
    loss.backward()
    if (i + 1) % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()
#%% correct: logging every k steps is no accumulation
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    if i % 100 == 0:
        print(loss.item())
#%% correct: accelerate divides
from accelerate import Accelerator
accelerator = Accelerator(gradient_accumulation_steps=4)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x, y in loader:
    with accelerator.accumulate(model):
        loss = F.cross_entropy(model(x), y)
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
#%% buggy: a loop over the micro-batches of a step
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
accum_steps, batches = 8, iter(loader)
for step in range(100):
    for _ in range(accum_steps):
        x, y = next(batches)
        loss = F.cross_entropy(model(x), y)
        loss.backward()  # BUG
    opt.step()
    opt.zero_grad()
#%% correct: a loop over micro-batches that divides
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
accum_steps, batches = 8, iter(loader)
for step in range(100):
    for _ in range(accum_steps):
        x, y = next(batches)
        loss = F.cross_entropy(model(x), y) / accum_steps
        loss.backward()
    opt.step()
    opt.zero_grad()
#%% correct: criterion handed in, configured number
#% file: train.py
import torch
from tqdm import tqdm

class BaseTrainer:
    def __init__(self, model, criterion, optimizer, config, device):
        self.config = config
        self.device = device
        self.model = model.to(device)
        self.criterion = criterion
        self.optimizer = optimizer
        self.grad_accum = config['trainer']['grad_accum']

class Trainer(BaseTrainer):
    def _train_epoch(self, epoch):
        self.model.train()
        for batch_idx, batch in enumerate(tqdm(self.train_loader)):
            inputs = batch['image'].to(self.device)
            targets = batch['label'].to(self.device)
            output = self.model(inputs)
            loss = self.criterion(output, targets)
            (loss / self.grad_accum).backward()
            if (batch_idx + 1) % self.grad_accum == 0:
                self.optimizer.step()
                self.optimizer.zero_grad()
            self.metrics.update('loss', loss.item())
#%% correct: first output of a labelled model
#% file: train.py
import torch
from accelerate.utils import set_seed

def train(args, model, train_dataloader, optimizer, lr_scheduler):
    model.zero_grad()
    tr_loss, global_step = 0.0, 0
    for epoch in range(int(args.num_train_epochs)):
        for step, batch in enumerate(train_dataloader):
            model.train()
            batch = tuple(t.to(args.device) for t in batch)
            inputs = {"input_ids": batch[0], "attention_mask": batch[1], "labels": batch[3]}
            outputs = model(**inputs)
            loss = outputs[0]
            if args.gradient_accumulation_steps > 1:
                loss = loss / args.gradient_accumulation_steps
            loss.backward()
            tr_loss += loss.item()
            if (step + 1) % args.gradient_accumulation_steps == 0:
                optimizer.step()
                lr_scheduler.step()
                model.zero_grad()
                global_step += 1
    return global_step, tr_loss / global_step
#%% correct: detector in a trainer
#% file: train.py
import torch

class DetectorTrainer:
    def fit_epoch(self, data_loader):
        self.detector.train()
        accumulate = max(round(64 / self.batch_size), 1)
        for i, (imgs, targets, paths) in enumerate(data_loader):
            ni = i + self.nb * self.epoch
            pred = self.detector(imgs.to(self.device))
            loss, loss_items = self.compute_loss(pred, targets.to(self.device))
            (loss / self.accumulate).backward()
            if ni % self.accumulate == 0:
                self.optimizer.step()
                self.optimizer.zero_grad()
