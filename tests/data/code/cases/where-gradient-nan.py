#%% buggy: logarithm
#% file: train.py
import jax
import jax.numpy as jnp


def loss(params, x):
    p = x @ params
    return -jnp.mean(jnp.where(p > 0, jnp.log(p), 0.0))  # BUG


grads = jax.grad(loss)(params, x)
#%% buggy: root in a helper
#% file: train.py
import jax
import jax.numpy as jnp


def distance(d2):
    return jnp.where(d2 > 0.0, jnp.sqrt(d2), 0.0)  # BUG


def energy(positions):
    d2 = jnp.sum(positions ** 2, axis=-1)
    return jnp.sum(distance(d2))


force = jax.value_and_grad(energy)
#%% correct: guarded argument, or not differentiated
#% file: train.py
import jax
import jax.numpy as jnp


def loss(params, x):
    p = x @ params
    safe = jnp.where(p > 0, p, 1.0)
    clipped = jnp.where(p > 0, jnp.log(jnp.maximum(p, 1e-8)), 0.0)
    return -jnp.mean(jnp.where(p > 0, jnp.log(safe), 0.0) + clipped)


def report(p):
    return jnp.where(p > 0, jnp.log(p), 0.0)


grads = jax.grad(loss)(params, x)
