#%% buggy: list outside
#% file: train.py
import jax
import jax.numpy as jnp

losses = []


@jax.jit
def step(params, x):
    loss = jnp.mean((x - params) ** 2)
    losses.append(loss)  # BUG
    return params - 0.1 * loss
#%% buggy: attribute
#% file: agent.py
import functools
import jax
import jax.numpy as jnp


class Agent:
    def __init__(self):
        self.last = None

    @functools.partial(jax.jit, static_argnums=0)
    def act(self, params, obs):
        logits = obs @ params
        self.last = logits  # BUG
        return jnp.argmax(logits)
#%% correct: list inside, and returned
#% file: train.py
import jax
import jax.numpy as jnp


@jax.jit
def step(params, x):
    parts = []
    for i in range(3):
        parts.append(jnp.mean((x[i] - params) ** 2))
    return sum(parts)


history = []
for x in batches():
    history.append(step(0.0, x))
#%% correct: module that may change
#% file: net.py
import jax
from flax import nnx


class Counter(nnx.Module):
    def __init__(self):
        self.total = nnx.Variable(0)

    @nnx.jit
    def add(self, x):
        self.last = x
        return x
