"""A project with a failed run and faulty code, and a server that may read it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client

from misrun.mcp.server import build_server
from misrun.mcp.service import Options

TRAIN = """import torch
from torch import nn

model = nn.Linear(4, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in batches:
    p = torch.sigmoid(model(x))
    loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    loss.backward()
    optimizer.step()
    print(loss.item())
"""
JAX = """import jax
import jax.numpy as jnp


def chain(key, x, n):
    def body(carry, _):
        x, key = carry
        sub = jax.random.split(key)[0]
        x = x + 0.1 * jax.random.normal(sub, x.shape)
        return (x, key), x

    return jax.lax.scan(body, (x, key), None, length=n)
"""


def log_text() -> str:
    """A loss that falls and then becomes NaN at step 40."""
    lines = [f"step {n} loss={2.0 / (1 + n / 10):.4f} grad_norm=0.91 lr=0.001" for n in range(1, 40)]
    return "\n".join([*lines, *(f"step {n} loss=nan grad_norm=nan lr=0.001" for n in range(40, 45)), ""])


@asynccontextmanager
async def connected(root: Path, **options: Any) -> AsyncIterator[Client]:
    async with Client(build_server(Options(roots=(root,), **options))) as client:
        yield client
