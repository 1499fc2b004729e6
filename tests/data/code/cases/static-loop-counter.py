#%% buggy: step number
#% file: train.py
from functools import partial
import jax


@partial(jax.jit, static_argnums=(2,))
def step(params, x, i):
    return params - 0.1 / (1 + i) * x


def fit(params, batches):
    for i, x in enumerate(batches):
        params = step(params, x, i)  # BUG
    return params
#%% correct: traced number, or few values
#% file: train.py
from functools import partial
import jax


@jax.jit
def step(params, x, i):
    return params - 0.1 / (1 + i) * x


@partial(jax.jit, static_argnames=("depth",))
def layer(x, depth):
    return x * 2 ** depth


def fit(params, batches, x):
    for i, x in enumerate(batches):
        params = step(params, x, i)
    for depth in range(4):
        x = layer(x, depth)
    return params, x
