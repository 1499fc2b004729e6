import copy
import csv
import logging

import torch
import torch.nn.functional as F

logger = logging.getLogger(__name__)


class Callback:
    def on_epoch_end(self, trainer, epoch, metrics):
        pass

    def on_fit_end(self, trainer):
        pass


class Journal(Callback):
    def __init__(self, path):
        self.file = open(path, "w", newline="")
        self.rows = None

    def on_epoch_end(self, trainer, epoch, metrics):
        row = {"epoch": epoch, **{k: round(v, 5) for k, v in metrics.items()}}
        if self.rows is None:
            self.rows = csv.DictWriter(self.file, row)
            self.rows.writeheader()
        self.rows.writerow(row)
        self.file.flush()


class KeepBest(Callback):
    def __init__(self, monitor="val_loss"):
        self.monitor, self.value, self.epoch, self.weights = monitor, float("inf"), None, None

    def on_epoch_end(self, trainer, epoch, metrics):
        if metrics[self.monitor] < self.value:
            self.value, self.epoch = metrics[self.monitor], epoch
            self.weights = copy.deepcopy(trainer.model.state_dict())

    def on_fit_end(self, trainer):
        trainer.model.load_state_dict(self.weights)
        logger.info("weights of epoch %d (%s %.4f)", self.epoch, self.monitor, self.value)


class Patience(Callback):
    def __init__(self, epochs, monitor="val_loss", min_delta=0.0):
        self.epochs, self.monitor, self.min_delta = epochs, monitor, min_delta
        self.best, self.waited = float("inf"), 0

    def on_epoch_end(self, trainer, epoch, metrics):
        if metrics[self.monitor] < self.best - self.min_delta:
            self.best, self.waited = metrics[self.monitor], 0
        else:
            self.waited += 1
        if self.waited >= self.epochs:
            trainer.stop = True
            logger.info("%s not below %.4f for %d epochs, stopping", self.monitor, self.best, self.waited)


class Trainer:
    def __init__(self, model, optimizer, max_epochs, batch_size, grad_clip, callbacks):
        self.model, self.optimizer, self.callbacks = model, optimizer, callbacks
        self.max_epochs, self.batch_size, self.grad_clip = max_epochs, batch_size, grad_clip
        self.stop = False
        self.global_step = 0

    def fit(self, train, val):
        for epoch in range(1, self.max_epochs + 1):
            metrics = {**self.train_epoch(*train), **self.evaluate(*val)}
            logger.info("epoch %d/%d step %d %s", epoch, self.max_epochs, self.global_step,
                        " ".join(f"{k}={v:.4f}" for k, v in metrics.items()))
            for callback in self.callbacks:
                callback.on_epoch_end(self, epoch, metrics)
            if self.stop:
                break
        for callback in self.callbacks:
            callback.on_fit_end(self)

    def train_epoch(self, ids, labels):
        self.model.train()
        total = right = 0.0
        for index in torch.randperm(len(ids)).split(self.batch_size):
            batch = ids[index]
            batch = batch[:, : (batch != 0).sum(1).max()]
            logits = self.model(batch)
            loss = F.cross_entropy(logits, labels[index])
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.grad_clip)
            self.optimizer.step()
            self.global_step += 1
            total += loss.item() * len(index)
            right += (logits.argmax(1) == labels[index]).sum().item()
        return {"train_loss": total / len(ids), "train_acc": right / len(ids)}

    @torch.no_grad()
    def evaluate(self, ids, labels):
        self.model.eval()
        logits = torch.cat([self.model(part) for part in ids.split(100)])
        return {"val_loss": F.cross_entropy(logits, labels).item(), "val_acc": (logits.argmax(1) == labels).float().mean().item()}
