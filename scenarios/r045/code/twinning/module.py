"""A module that knows its loss and optimizer, and a runner small enough to read."""
import json
from collections import defaultdict
from pathlib import Path

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from twinning.data import KINDS
from twinning.vit import ViT


class TwinModule(nn.Module):
    def __init__(self, hparams):
        super().__init__()
        self.hparams = hparams
        self.net = ViT(len(KINDS), **hparams["model"])
        self.loss = nn.CrossEntropyLoss()

    def training_step(self, batch):
        x, y = batch
        logits = self.net(x)
        return {"loss": self.loss(logits, y), "acc": (logits.argmax(1) == y).float().mean()}

    validation_step = training_step

    def configure_optimizers(self):
        o = self.hparams["optim"]
        optimizer = torch.optim.SGD(self.parameters(), lr=o["lr"], momentum=o["momentum"], weight_decay=o["weight_decay"])
        scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=o["t0"], T_mult=o["t_mult"], eta_min=o["eta_min"])
        return optimizer, scheduler


class Runner:
    def __init__(self, max_steps, log_every, val_every, out, gradient_clip_val=None):
        self.max_steps, self.log_every, self.val_every = max_steps, log_every, val_every
        self.clip = gradient_clip_val
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.journal = (self.out / "metrics.jsonl").open("w")

    def _write(self, **row):
        self.journal.write(json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()}) + "\n")
        self.journal.flush()

    def fit(self, module, train_batches, val_batches):
        optimizer, scheduler = module.configure_optimizers()
        held = defaultdict(list)
        for step, batch in zip(range(1, self.max_steps + 1), train_batches):
            out = module.training_step(batch)
            optimizer.zero_grad()
            out["loss"].backward()
            if self.clip:
                nn.utils.clip_grad_norm_(module.parameters(), self.clip)
            optimizer.step()
            lr = optimizer.param_groups[0]["lr"]
            scheduler.step()
            for name, value in out.items():
                held[name].append(value.item())
            if step % self.log_every == 0:
                means = {f"train_{k}": sum(v) / len(v) for k, v in held.items()}
                held.clear()
                self._write(step=step, lr=lr, **means)
            if step % self.val_every == 0:
                val = self.validate(module, val_batches)
                self._write(step=step, **val)
                print(f"step {step:>4} of {self.max_steps} - lr {lr:.3e} - " + " - ".join(f"{k} {v:.4f}" for k, v in
                                                                                       {**means, **val}.items()))
        torch.save(module.net.state_dict(), self.out / "vit.ckpt")

    @torch.no_grad()
    def validate(self, module, batches):
        module.eval()
        outs = [module.validation_step(b) for b in batches]
        module.train()
        return {f"val_{k}": sum(o[k].item() for o in outs) / len(outs) for k in outs[0]}
