import argparse
import csv
import os

import numpy as np
import torch
import yaml

from loads import profiles
from vae import LoadVAE

ap = argparse.ArgumentParser()
ap.add_argument("-c", "--config", default="vae.yaml")
cfg = yaml.safe_load(open(ap.parse_args().config))

rng = np.random.default_rng(cfg["seed"])
torch.manual_seed(cfg["seed"])
train, val = (torch.from_numpy(profiles(cfg["data"][part], rng)) for part in ("train", "val"))
mean, std = train.mean(), train.std()
train, val = (train - mean) / std, (val - mean) / std

model = LoadVAE(**cfg["model"])
opt = torch.optim.Adam(model.parameters(), lr=cfg["lr"])
decay = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg["epochs"], eta_min=cfg["lr"] / 3)
size, epochs = cfg["batch_size"], cfg["epochs"]
os.makedirs(cfg["out"], exist_ok=True)
rows = csv.writer(open(f"{cfg['out']}/epochs.csv", "w", newline=""))
rows.writerow(["epoch", "beta", "loss", "recon", "kl", "val_loss", "val_recon", "val_kl", "val_rmse_kw"])
print(f"{len(train)} profiles, {sum(p.numel() for p in model.parameters())} parameters, latent {cfg['model']['latent']}")

for epoch in range(epochs):
    beta = cfg["beta_max"] * min(1.0, max(0.0, (epoch - cfg["beta_from"]) / (cfg["beta_to"] - cfg["beta_from"])))
    sums = np.zeros(3)
    model.train()
    batches = torch.randperm(len(train)).split(size)
    for idx in batches:
        recon, kl = model.terms(train[idx])
        loss = recon + beta * kl
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), cfg["clip"])
        opt.step()
        sums += loss.item(), recon.item(), kl.item()
    sums /= len(batches)
    model.eval()
    with torch.no_grad():
        val_recon, val_kl = (t.item() for t in model.terms(val))
        off = model.decode(model.encode(val)[:, : model.latent]) - val
        rmse = (off.square().mean().sqrt() * std).item()
    rows.writerow([epoch, f"{beta:.3f}"] + [f"{v:.4f}" for v in (*sums, val_recon + beta * val_kl, val_recon, val_kl, rmse)])
    print(f"[{epoch:02d}] beta {beta:.3f} loss {sums[0]:8.3f} (recon {sums[1]:7.3f} kl {sums[2]:6.3f})  "
          f"val loss {val_recon + beta * val_kl:8.3f} (recon {val_recon:7.3f})  rmse {rmse:.4f} kW")
    decay.step()

torch.save({"model": model.state_dict(), "config": cfg, "mean": mean, "std": std}, f"{cfg['out']}/vae.pt")
with torch.no_grad():
    new = model.decode(torch.randn(5, cfg["model"]["latent"])) * std + mean
np.savetxt(f"{cfg['out']}/made_up_days.txt", new.numpy(), "%.2f")
