import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

from collar import DOING, recordings
from s4d import Tagger

CFG = {
    "seed": 5,
    "records": 700,
    "batch_size": 2,
    "steps": 800,
    "lr": 0.05,
    "momentum": 0.9,
    "nesterov": False,
    "ssm_lr": 0.02,
    "width": 24,
    "layers": 2,
    "states": 8,
    "dropout": 0.0,
    "log_every": 10,
    "out": "runs/collar_s4d",
}
for pair in sys.argv[1:]:
    key, value = pair.split("=", 1)
    CFG[key] = type(CFG[key])(value) if not isinstance(CFG[key], bool) else value == "True"


def main(cfg):
    os.makedirs(cfg["out"], exist_ok=True)
    json.dump(cfg, open(f"{cfg['out']}/cfg.json", "w"), indent=1)
    torch.manual_seed(cfg["seed"])
    x, y = map(torch.from_numpy, recordings(cfg["records"], cfg["seed"]))
    val_x, val_y = map(torch.from_numpy, recordings(120, cfg["seed"] + 10_000))
    shares = np.bincount(y.flatten().numpy(), minlength=4) / y.numel()
    print("records", tuple(x.shape), " ".join(f"{d} {s:.2f}" for d, s in zip(DOING, shares)))

    model = Tagger(width=cfg["width"], layers=cfg["layers"], states=cfg["states"], dropout=cfg["dropout"])
    ssm = [p for n, p in model.named_parameters() if n.rsplit(".", 1)[-1] in ("log_dt", "log_decay", "frequency")]
    rest = [p for p in model.parameters() if not any(p is q for q in ssm)]
    opt = torch.optim.SGD([{"params": rest}, {"params": ssm, "lr": cfg["ssm_lr"]}], lr=cfg["lr"],
                          momentum=cfg["momentum"], nesterov=cfg["nesterov"])
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg["steps"], eta_min=1e-4)
    print(f"{sum(p.numel() for p in model.parameters())} weights, {sum(p.numel() for p in ssm)} of them of the state space")

    journal = open(f"{cfg['out']}/train.jsonl", "w")
    for step in tqdm(range(1, cfg["steps"] + 1), mininterval=2.0, ncols=80):
        pick = torch.randint(len(x), (cfg["batch_size"],))
        logits = model(x[pick])
        loss = F.cross_entropy(logits.flatten(0, 1), y[pick].flatten())
        opt.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        opt.step()
        sched.step()
        if step % cfg["log_every"] == 0:
            acc = (logits.argmax(-1) == y[pick]).float().mean().item()
            print(f"step {step:4d} loss {loss.item():.4f} acc {acc:.3f} grad {norm.item():.2f}")
            journal.write(json.dumps({"step": step, "loss": round(loss.item(), 5), "acc": round(acc, 4),
                                      "grad_norm": round(norm.item(), 4), "lr": sched.get_last_lr()[0]}) + "\n")
    journal.close()
    torch.save({"cfg": cfg, "state": model.state_dict()}, f"{cfg['out']}/tagger.pt")

    model.eval()
    with torch.no_grad():
        guess = model(val_x).argmax(-1)
    table = np.zeros((4, 4), int)
    np.add.at(table, (val_y.flatten().numpy(), guess.flatten().numpy()), 1)
    print("val acc %.4f" % (guess == val_y).float().mean().item())
    np.savetxt(f"{cfg['out']}/confusion.csv", table, "%d", ",", header=",".join(DOING))


if __name__ == "__main__":
    main(CFG)
