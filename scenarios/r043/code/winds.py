"""Hourly wind at a mast in a valley: up-valley by day, down-valley by night, now and then a gap wind across (m/s)."""
import torch

AXIS = 0.6      # radians, direction of the valley


def winds(count, g):
    """(count, 2): east and north component."""
    which = torch.rand(count, generator=g)
    noise = torch.randn(count, 2, generator=g)
    speed = torch.rand(count, generator=g)
    along, across = torch.empty(count), torch.empty(count)
    day, night = which < 0.45, (which >= 0.45) & (which < 0.85)
    gap = which >= 0.85
    # strong winds are bent by the spur above the mast
    along[day] = 2.0 + 4.0 * speed[day]
    across[day] = 0.12 * (along[day] - 2.0) ** 2 + 0.25 * noise[day, 0]
    along[night] = -1.5 - 2.0 * speed[night]
    across[night] = 0.3 * noise[night, 0]
    along[gap] = 0.4 * noise[gap, 0]
    across[gap] = -4.0 + 0.4 * noise[gap, 1]
    c, s = torch.cos(torch.tensor(AXIS)), torch.sin(torch.tensor(AXIS))
    return torch.stack([c * along - s * across, s * along + c * across], dim=1)


def sliced_distance(a, b, directions=32):
    """Mean Wasserstein distance of two equally large sets over fixed directions, m/s."""
    angle = torch.arange(directions) * torch.pi / directions
    d = torch.stack([angle.cos(), angle.sin()])
    return ((a @ d).sort(0).values - (b @ d).sort(0).values).abs().mean().item()
