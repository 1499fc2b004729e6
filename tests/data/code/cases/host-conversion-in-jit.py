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
#%% buggy: loss that is printed
#% file: module.py
import jax
import jax.numpy as jnp

def make_step(optimizer):
    @jax.jit
    def step(params, opt_state, x, y):
        loss, grads = jax.value_and_grad(lambda p: jnp.mean((x @ p - y) ** 2))(params)
        print("loss", float(loss))  # BUG
        updates, opt_state = optimizer.update(grads, opt_state)
        return params + updates, opt_state
    return step
#%% correct: loss that is printed
#% file: module.py
import jax
import jax.numpy as jnp

def make_step(optimizer):
    @jax.jit
    def step(params, opt_state, x, y):
        loss, grads = jax.value_and_grad(lambda p: jnp.mean((x @ p - y) ** 2))(params)
        jax.debug.print("loss {}", loss)
        updates, opt_state = optimizer.update(grads, opt_state)
        return params + updates, opt_state
    return step
