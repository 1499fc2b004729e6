"""Simulated hydrophone traces: one whistle in sea noise. The target is the pitch of the whistle."""
import math

import torch

LOW, HIGH = 0.03, 0.25


def draw(n, length, noise):
    """Traces (n, length) and pitches (n,) in cycles per sample, from the global generator."""
    pitch = LOW + (HIGH - LOW) * torch.rand(n)
    t = torch.arange(length, dtype=torch.float32)
    level = 0.6 + 0.6 * torch.rand(n, 1)
    whistle = level * torch.sin(2 * math.pi * (pitch[:, None] * t + torch.rand(n, 1)))
    return whistle + noise * torch.randn(n, length), pitch


def to_target(pitch):
    return (pitch - 0.14) / 0.064


def from_target(y):
    return 0.14 + 0.064 * y
