"""Grains of feldspar under crossed polars: the twin lamellae tell the mineral. 20 x 20 pixels, one channel."""
import torch

KINDS = ("carlsbad", "albite", "pericline", "tartan", "perthite")


def grains(count, generator, grain_noise=0.5):
    """(count, 1, 20, 20) float and (count,) labels."""
    g = generator
    kind = torch.randint(len(KINDS), (count,), generator=g)
    grid = torch.linspace(0, 1, 20)
    v, u = torch.meshgrid(grid, grid, indexing="ij")
    u, v = u.expand(count, -1, -1), v.expand(count, -1, -1)

    def rand(low, high):
        return low + (high - low) * torch.rand(count, 1, 1, generator=g)

    period = rand(4.0, 5.5)
    tilt, phase, place = rand(-0.12, 0.12), rand(0, 6.2832), rand(0.3, 0.7)
    upright = torch.sin(6.2832 * period * (u + tilt * v) + phase)
    lying = torch.sin(6.2832 * period * (v + tilt * u) + phase)
    slanted = torch.sin(6.2832 * period * 0.7 * (u + v) + phase)
    half = torch.tanh(20 * (u + tilt * v - place))
    patterns = torch.stack([half, upright, lying, 0.7 * (upright + lying), slanted])
    image = patterns[kind, torch.arange(count)] * rand(0.6, 1.3) + rand(-0.3, 0.3)
    image = image + grain_noise * torch.randn(image.shape, generator=g)
    return image.unsqueeze(1), kind
