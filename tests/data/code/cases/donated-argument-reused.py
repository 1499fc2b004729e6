#%% buggy: old parameters read
#% file: train.py
import functools
import jax
import jax.numpy as jnp


@functools.partial(jax.jit, donate_argnums=(0,))
def step(params, x):
    return params - 0.1 * jnp.mean(x)


def fit(params, x):
    new = step(params, x)
    change = jnp.linalg.norm(new - params)  # BUG
    return new, change
#%% buggy: state
#% file: train.py
import jax


def step(state, x):
    return state + x.mean()


fast = jax.jit(step, donate_argnums=0)
state = make_state()
result = fast(state, x)
print(state)  # BUG
#%% correct: assigned by the call
#% file: train.py
import functools
import jax
import jax.numpy as jnp


@functools.partial(jax.jit, donate_argnums=(0,))
def step(params, x):
    return params - 0.1 * jnp.mean(x)


def fit(params, batches):
    for x in batches:
        params = step(params, x)
        print(params, x)
    return params
#%% correct: only the form is asked for, or a batch is given away
#% file: train.py
import functools
import jax
import jax.numpy as jnp


@functools.partial(jax.jit, donate_argnums=(0, 1))
def step(params, batch):
    return params - 0.1 * jnp.mean(batch)


def fit(params, batch):
    new = step(params, batch)
    print(params.shape, batch.mean())
    return new
