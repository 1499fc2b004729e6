"""Stage 1 reads the pantry shelves off old orders, stage 2 puts a new head on it and learns the courses."""
import csv
import os
import sys

import torch
import torch.nn.functional as F
import yaml

import menu
from distil import Head, Reader


def optimizer_for(cfg, params):
    if cfg["optimizer"] == "adam":
        return torch.optim.Adam(params, lr=cfg["lr"])
    return torch.optim.SGD(params, lr=cfg["lr"], momentum=0.9)


def share(part):
    on = sum(p.numel() for p in part.parameters() if p.requires_grad)
    return f"{on} of {sum(p.numel() for p in part.parameters())}"


def stage(name, model, data, dev, loss_of, score_of, cfg, log):
    x, y = map(torch.tensor, data)
    dev_x, dev_y = map(torch.tensor, dev)
    optimizer = optimizer_for(cfg, [p for p in model.parameters() if p.requires_grad])
    print(f"[{name}] {len(x)} lines, updates {share(model)} weights, {cfg['optimizer']} lr {cfg['lr']}")
    for step in range(1, cfg["steps"] + 1):
        model.train()
        rows = torch.randint(len(x), (cfg["batch"],))
        loss = loss_of(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 25 == 0:
            model.eval()
            with torch.no_grad():
                out = model(dev_x)
            row = [name, step, f"{loss.item():.4f}", f"{loss_of(out, dev_y).item():.4f}", f"{score_of(out, dev_y):.3f}"]
            log.writerow(row)
            print("[{}] step {:>4}  loss {}  dev loss {}  dev accuracy {}".format(*row))


def main():
    cfg = yaml.safe_load(open(sys.argv[1]))
    seed = cfg["seed"]
    torch.manual_seed(seed)
    os.makedirs(cfg["save_to"], exist_ok=True)
    f = open(os.path.join(cfg["save_to"], "progress.csv"), "w", newline="")
    log = csv.writer(f)
    log.writerow(["stage", "step", "loss", "dev_loss", "dev_accuracy"])

    model = Reader(len(menu.WORDS), len(menu.SHELVES), **cfg["model"])
    stage("pantry", model, menu.pantry_set(3000, seed), menu.pantry_set(200, seed + 1),
          F.binary_cross_entropy_with_logits, lambda o, y: ((o > 0) == (y > 0.5)).float().mean().item(), cfg["pantry"], log)

    model.head = Head(cfg["model"]["dim"], len(menu.COURSES))
    for name, p in model.named_parameters():
        if any(key in name for key in cfg["keep"]):
            p.requires_grad = False
    stage("course", model, menu.course_set(600, seed + 2), menu.course_set(200, seed + 3),
          F.cross_entropy, lambda o, y: (o.argmax(1) == y).float().mean().item(), cfg["course"], log)
    f.close()
    torch.save({"model": cfg["model"], "weights": model.state_dict()}, os.path.join(cfg["save_to"], "reader.pt"))


if __name__ == "__main__":
    main()
