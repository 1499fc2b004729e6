import math
import sys
from dataclasses import dataclass

import torch
import yaml

from catchment import hours
from ssm import Forecaster

LOSSES = {"mse": torch.nn.MSELoss, "huber": torch.nn.HuberLoss}


@dataclass
class Training:
    steps: int
    warmup: int
    batch: int
    optimizer: str
    lr: float
    beta1: float
    beta2: float
    decay_to: float
    loss: str

    def build(self, parameters):
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[self.optimizer]
        return kind(parameters, lr=self.lr, betas=(self.beta1, self.beta2))

    def factor(self, step):
        if step < self.warmup:
            return (step + 1) / self.warmup
        return self.decay_to + (1 - self.decay_to) * 0.5 * (1 + math.cos(math.pi * step / self.steps))


def validate(model, x, y):
    """Nash-Sutcliffe efficiency, 1 is a perfect hydrograph."""
    with torch.no_grad():
        residual = (model(x) - y)[:, 8:]
    return 1 - (residual.square().mean() / y[:, 8:].var()).item()


def main(path="gauge.yaml"):
    with open(path) as f:
        conf = yaml.safe_load(f)
    print(yaml.safe_dump(conf, default_flow_style=None).rstrip())
    torch.manual_seed(conf["seed"])
    s = conf["series"]
    x, y = hours(s["train"], s["length"], conf["seed"])
    xv, yv = hours(s["valid"], s["length"], conf["seed"] + 500)
    model = Forecaster(x.size(-1), **conf["model"])
    training = Training(**conf["training"])
    optimizer = training.build(model.parameters())
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, training.factor)
    criterion = LOSSES[training.loss]()
    print("parameters", sum(p.numel() for p in model.parameters()))

    table = open("history.tsv", "w")
    print("step\tloss\tvalid_nse\tlr", file=table)
    for step in range(1, training.steps + 1):
        pick = torch.randperm(len(x))[: training.batch]
        loss = criterion(model(x[pick])[:, 8:], y[pick][:, 8:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        lr = schedule.get_last_lr()[0]
        schedule.step()
        nse = validate(model, xv, yv) if step % conf["log_interval"] == 0 else None
        print(f"{step}\t{loss.item():.5f}\t{'' if nse is None else round(nse, 4)}\t{lr:.6f}", file=table)
        if nse is not None:
            print(f"step {step:5d}  loss {loss.item():9.5f}  nse {nse:8.4f}")
    table.close()
    torch.save(model.state_dict(), "gauge.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
