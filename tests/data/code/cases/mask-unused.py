#%% buggy: plain mean
PAD = 0
def sequence_loss(logits, y):
    mask = (y != PAD).float()  # BUG
    losses = F.cross_entropy(logits.transpose(1, 2), y, reduction="none")
    return losses.mean()
#%% buggy: method
class T:
    def __init__(self, model, pad):
        self.model, self.pad, self.criterion = model, pad, nn.CrossEntropyLoss(reduction="none")
    def step(self, x, y):
        pad_mask = y.ne(self.pad)  # BUG
        return self.criterion(self.model(x).transpose(1, 2), y).mean()
#%% buggy: regression over padded series
def masked_error(prediction, target):
    valid_mask = target != -1  # BUG
    loss = F.mse_loss(prediction, target)
    return loss
#%% buggy: loss module
#% file: train.py
import torch
import torch.nn as nn

class SeqLoss(nn.Module):
    def __init__(self, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.ce = nn.CrossEntropyLoss(reduction='none')

    def forward(self, logits, targets):
        b, t, v = logits.shape
        mask = (targets != self.pad_id).float()  # BUG
        loss = self.ce(logits.view(-1, v), targets.view(-1)).view(b, t)
        return loss.mean()
#%% correct: used
def sequence_loss(logits, y):
    mask = (y != 0).float()
    losses = F.cross_entropy(logits.transpose(1, 2), y, reduction="none")
    return (losses * mask).sum() / mask.sum()
#%% correct: given to the model
def step(model, x, y):
    mask = x != 0
    return F.cross_entropy(model(x, mask).transpose(1, 2), y, ignore_index=0)
#%% correct: no loss here
def lengths(x):
    mask = x != 0
    return x.shape[1]
#%% buggy: comes with the batch
def train(net, batches, opt):
    for x, y, mask in batches:  # BUG
        loss = F.mse_loss(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% correct: comes with the batch and is used
def train(net, batches, opt):
    for x, y, mask in batches:
        loss = (F.mse_loss(net(x), y, reduction="none") * mask).sum() / mask.sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% correct: loss module
#% file: train.py
import torch
import torch.nn as nn

class SeqLoss(nn.Module):
    def __init__(self, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.ce = nn.CrossEntropyLoss(reduction='none')

    def forward(self, logits, targets):
        b, t, v = logits.shape
        mask = (targets != self.pad_id).float()
        loss = self.ce(logits.view(-1, v), targets.view(-1)).view(b, t)
        return (loss * mask).sum() / mask.sum()
