#%% buggy: one key for all environments
#% file: env.py
import jax
import jax.numpy as jnp


def reset(key, size):
    return jax.random.uniform(key, (4,)) * size


def start(key, sizes):
    return jax.vmap(reset, in_axes=(None, 0))(key, sizes)  # BUG
#%% correct: keys mapped
#% file: env.py
import jax


def reset(key, size):
    return jax.random.uniform(key, (4,)) * size


def start(key, sizes):
    keys = jax.random.split(key, sizes.shape[0])
    return jax.vmap(reset, in_axes=(0, 0))(keys, sizes)


def many(key, n):
    return jax.vmap(reset, in_axes=(0, None))(jax.random.split(key, n), 1.0)
#%% correct: parameters not mapped
#% file: env.py
import jax


def value(params, obs, key):
    return params @ obs + jax.random.normal(key, ())


def values(params, obs, keys):
    return jax.vmap(value, in_axes=(None, 0, 0))(params, obs, keys)
