"""Denoising diffusion on the mast winds. Writes loss.jsonl (every step) and samples.jsonl (now and then)."""
import copy
import json
import logging
import sys
from dataclasses import asdict, dataclass

import torch

from diffusion import Denoiser, Process
from winds import sliced_distance, winds


@dataclass
class Config:
    records: int = 8760
    diffusion_steps: int = 40
    hidden: int = 48
    depth: int = 2
    batch: int = 48
    steps: int = 1200
    lr: float = 2e-3
    weight_decay: float = 0.001
    ema: float = 0.99
    log_every: int = 40
    sample_every: int = 120
    seed: int = 8


def main():
    logging.basicConfig(level=logging.INFO, format="[%(levelname).1s %(module)s] %(message)s", stream=sys.stdout)
    log = logging.getLogger()
    cfg = Config(**dict((k, type(getattr(Config, k))(v)) for k, v in (arg.lstrip("-").split("=") for arg in sys.argv[1:])))
    log.info("config %s", json.dumps(asdict(cfg)))
    torch.manual_seed(cfg.seed)
    g = torch.Generator().manual_seed(cfg.seed)
    data = winds(cfg.records, g)
    later = winds(1000, g)
    mean, std = data.mean(0), data.std(0)
    data = (data - mean) / std

    model = Denoiser(cfg.hidden, cfg.depth)
    average = copy.deepcopy(model)
    process = Process(cfg.diffusion_steps)
    optimizer = torch.optim.AdamW(model.parameters(), cfg.lr, weight_decay=cfg.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, cfg.steps, eta_min=cfg.lr / 50)
    log.info("%d records, %d parameters", len(data), sum(p.numel() for p in model.parameters()))

    with open("loss.jsonl", "w") as losses, open("samples.jsonl", "w") as samples:
        for step in range(1, cfg.steps + 1):
            x = data[torch.randint(len(data), (cfg.batch,))]
            t = torch.randint(cfg.diffusion_steps, (cfg.batch,))
            noise = torch.randn_like(x)
            loss = (model(process.noisy(x, t, noise), t / cfg.diffusion_steps) - noise).square().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                decay = min(cfg.ema, step / (step + 10))
                for a, p in zip(average.parameters(), model.parameters()):
                    a.lerp_(p, 1 - decay)
            if step % 5 == 0:
                losses.write(f'{{"step": {step}, "loss": {loss.item():.5f}}}\n')
            if step % cfg.log_every == 0:
                log.info("step %4d/%d loss %.4f", step, cfg.steps, loss.item())
            if step % cfg.sample_every == 0:
                made = process.sample(average, len(later), torch.Generator().manual_seed(0)) * std + mean
                distance = sliced_distance(made, later)
                log.info("step %4d/%d distance of samples %.3f m/s", step, cfg.steps, distance)
                samples.write(json.dumps({"step": step, "distance": round(distance, 4),
                                          "mean_speed": round(made.norm(dim=1).mean().item(), 3)}) + "\n")
    torch.save({"model": average.state_dict(), "mean": mean, "std": std, "config": asdict(cfg)}, "winds.ckpt")


if __name__ == "__main__":
    main()
