"""GAN for the positions of drilled holes on a flange (mm, relative to the centre), as measured by the camera.

usage: flange_gan.py [key=value ...]
"""
import sys
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus


@dataclass
class Settings:
    holes: int = 6
    radius: float = 40.0        # mm, bolt circle
    spread: float = 4.5         # mm, drilling and camera together
    z_dim: int = 8
    hidden: int = 64
    batch: int = 64
    steps: int = 1200
    lr_g: float = 2e-3  
    lr_d: float = 4e-3
    beta1: float = 0.5
    gp: float = 0.002           # weight of the gradient penalty at the real points
    ema: float = 0.99
    every: int = 20
    seed: int = 17


def parse(argv):
    kinds = {f.name: f.type for f in fields(Settings)}
    return Settings(**{k: kinds[k](v) for k, v in (a.split("=", 1) for a in argv)})


class Flange:
    def __init__(self, s):
        self.s = s
        angle = 2 * np.pi * np.arange(s.holes) / s.holes
        self.centres = s.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    def measure(self, count, rng):
        hole = rng.integers(self.s.holes, size=count)
        return self.centres[hole] + rng.normal(0, self.s.spread, (count, 2))


def mlp(n_in, hidden, n_out):
    return nn.Sequential(nn.Linear(n_in, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, hidden), nn.LeakyReLU(0.2),
                         nn.Linear(hidden, n_out))


def coverage(points, flange):
    """Share of points within 3 spreads of a hole, and the smallest share that a hole gets."""
    distance = np.linalg.norm(points[:, None] - flange.centres[None], axis=2)
    near = distance.min(axis=1) < 3 * flange.s.spread
    share = np.bincount(distance.argmin(axis=1)[near], minlength=flange.s.holes) / len(points)
    return near.mean(), share.min()


def main():
    s = parse(sys.argv[1:])
    torch.manual_seed(s.seed)
    rng = np.random.default_rng(s.seed)
    flange = Flange(s)
    scale = s.radius
    real = torch.from_numpy(flange.measure(6000, rng) / scale).float()

    G, D = mlp(s.z_dim, s.hidden, 2), mlp(2, s.hidden, 1)
    smooth = mlp(s.z_dim, s.hidden, 2)
    smooth.load_state_dict(G.state_dict())
    opt_g = torch.optim.Adam(G.parameters(), lr=s.lr_g, betas=(s.beta1, 0.99))
    opt_d = torch.optim.Adam(D.parameters(), lr=s.lr_d, betas=(s.beta1, 0.99))
    probe = torch.randn(1000, s.z_dim)
    print(s)
    print("step\tG_loss\tD_loss\tD(real)\tD(fake)\tnear\tleast")

    for step in range(1, s.steps + 1):
        x = real[torch.randint(len(real), (s.batch,))].requires_grad_()
        fake = G(torch.randn(s.batch, s.z_dim))
        on_real, on_fake = D(x), D(fake.detach())
        slope, = torch.autograd.grad(on_real.sum(), x, create_graph=True)
        loss_d = softplus(-on_real).mean() + softplus(on_fake).mean()
        opt_d.zero_grad()
        (loss_d + 0.5 * s.gp * slope.square().sum(1).mean()).backward()
        opt_d.step()

        loss_g = softplus(-D(fake)).mean()
        opt_g.zero_grad()
        loss_g.backward()
        opt_g.step()
        with torch.no_grad():
            for a, b in zip(smooth.parameters(), G.parameters()):
                a.lerp_(b, 1 - s.ema)

        if step % s.every == 0:
            row = f"{step}\t{loss_g.item():.4f}\t{loss_d.item():.4f}\t{on_real.sigmoid().mean().item():.3f}\t" \
                  f"{on_fake.sigmoid().mean().item():.3f}"
            if step % (4 * s.every) == 0:
                with torch.no_grad():
                    near, least = coverage(smooth(probe).numpy() * scale, flange)
                row += f"\t{near:.3f}\t{least:.3f}"
            print(row)

    torch.save({"generator": smooth.state_dict(), "scale": scale}, "flange_g.pt")
    with torch.no_grad():
        np.savetxt("samples.csv", smooth(probe[:60]).numpy() * scale, "%.2f", ",", header="x_mm,y_mm", comments="")


if __name__ == "__main__":
    main()
