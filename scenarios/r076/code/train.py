import json
import random
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import yaml

import bulletins
from t5 import TinyT5

OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}


def make_split(count, rng):
    pairs = [bulletins.encode(*bulletins.bulletin(rng)) for _ in range(count)]
    return torch.tensor([s for s, _ in pairs]), torch.tensor([t for _, t in pairs])


def dev_scores(model, source, target):
    model.eval()
    with torch.no_grad():
        loss = F.cross_entropy(model(source, target).flatten(0, 1), target.flatten()).item()
    exact = (model.generate(source, target.size(1)) == target).all(1).float().mean().item()
    model.train()
    return loss, exact


def main(path):
    cfg = yaml.safe_load(Path(path).read_text())
    out = Path("runs") / cfg["run_name"]
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.yaml").write_text(yaml.safe_dump(cfg, sort_keys=False))
    torch.manual_seed(cfg["seed"])
    rng = random.Random(cfg["seed"])

    source, target = make_split(cfg["data"]["train_bulletins"], rng)
    dev = make_split(cfg["data"]["dev_bulletins"], rng)
    model = TinyT5(len(bulletins.SOURCE), len(bulletins.TARGET), **cfg["model"])
    print(f"{cfg['run_name']}: {sum(p.numel() for p in model.parameters())} weights, "
          f"{len(bulletins.SOURCE)} source words, {len(bulletins.TARGET)} target codes")

    o, t = cfg["optim"], cfg["train"]
    optimizer = OPTIMIZERS[o["optimizer"]](model.parameters(), lr=o["lr_millionths"] * 1e-6, weight_decay=o["weight_decay"])
    warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / o["warmup_steps"]))
    with open(out / "metrics.jsonl", "w") as metrics:
        for step in range(1, t["steps"] + 1):
            pick = torch.randint(len(source), (t["batch_size"],))
            loss = F.cross_entropy(model(source[pick], target[pick]).flatten(0, 1), target[pick].flatten())
            optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), o["clip_norm"])
            optimizer.step()
            row = {"step": step, "loss": round(loss.item(), 4), "grad_norm": round(norm.item(), 4),
                   "lr": optimizer.param_groups[0]["lr"]}
            warmup.step()
            if step % t["report_every"] == 0:
                row["dev_loss"], row["dev_exact"] = (round(v, 4) for v in dev_scores(model, *dev))
                print(f"[{step:4d}] loss {row['loss']:.3f} | dev loss {row['dev_loss']:.3f} exact {row['dev_exact']:.3f}")
            metrics.write(json.dumps(row) + "\n")
    torch.save({"model": cfg["model"], "weights": model.state_dict()}, out / "last.pt")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "config.yaml")
