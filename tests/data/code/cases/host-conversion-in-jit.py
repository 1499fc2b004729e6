#%% buggy: float and item
#% file: train.py
import jax
import jax.numpy as jnp


@jax.jit
def step(params, x):
    loss = float(jnp.mean((x - params) ** 2))  # BUG
    scale = x.item()  # BUG
    return params - 0.1 * loss * scale
#%% buggy: numpy
#% file: train.py
import jax
import numpy as np


def norm(x):
    return np.sqrt(np.sum(x))  # BUG


fast = jax.jit(norm)
#%% correct: shapes, static arguments, and outside
#% file: train.py
import functools
import jax
import jax.numpy as jnp
import numpy as np


@functools.partial(jax.jit, static_argnames=("depth",))
def step(params, x, depth):
    size = int(np.prod(x.shape)) + float(depth)
    return params - jnp.mean(x) / size


loss = float(step(jnp.zeros(()), jnp.ones((3,)), 2))
