import logging
import math

import torch
from torch import nn
from torch.utils.data import DataLoader

log = logging.getLogger("pantry")


class Trainer:
    def __init__(self, model, train_set, valid_set, args):
        self.model, self.args = model, args
        shuffler = torch.Generator().manual_seed(args.seed)
        self.train_loader = DataLoader(train_set, args.batch_size, shuffle=True, drop_last=True, generator=shuffler)
        self.valid_loader = DataLoader(valid_set, 256)
        kind = torch.optim.AdamW if args.optimizer == "adamw" else torch.optim.Adam
        self.optimizer = kind(model.parameters(), lr=args.learning_rate, betas=(0.9, 0.999))
        self.total = args.epochs * len(self.train_loader)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._factor)
        self.criterion = nn.CrossEntropyLoss()
        self.step = 0

    def _factor(self, step):
        warm = max(1, int(self.args.warmup_ratio * self.total))
        if self.args.schedule == "constant":
            return min(1.0, (step + 1) / warm)
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, self.total - warm)))

    def train(self):
        for epoch in range(1, self.args.epochs + 1):
            self.model.train()
            for batch in self.train_loader:
                self._training_step(*batch)
            loss, accuracy = self.evaluate()
            log.info("epoch %d/%d  eval_loss=%.4f  eval_accuracy=%.4f", epoch, self.args.epochs, loss, accuracy)
        torch.save(self.model.state_dict(), "pantry_bert.pt")
        log.info("saved pantry_bert.pt")

    def _training_step(self, ids, labels):
        loss = self.criterion(self.model(ids), labels)
        self.optimizer.zero_grad()
        loss.backward()
        if self.args.max_grad_norm > 0:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.args.max_grad_norm)
        lr = self.optimizer.param_groups[0]["lr"]
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        if self.step % self.args.logging_steps == 0 or self.step == 1:
            log.info("step %4d/%d  loss=%.4f  lr=%.3e", self.step, self.total, loss.item(), lr)

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        loss = hits = count = 0
        for ids, labels in self.valid_loader:
            logits = self.model(ids)
            loss += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            hits += (logits.argmax(-1) == labels).sum().item()
            count += len(labels)
        return loss / count, hits / count
