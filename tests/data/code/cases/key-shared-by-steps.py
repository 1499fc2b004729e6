#%% buggy: noise of a diffusion
#% file: sample.py
import jax
import jax.numpy as jnp


def noised(params, x0, key, betas):
    def body(x, beta):
        eps = jax.random.normal(key, x.shape)  # BUG
        x = jnp.sqrt(1 - beta) * x + jnp.sqrt(beta) * eps
        return x, x.mean()

    return jax.lax.scan(body, x0, betas)
#%% buggy: loop in lax
#% file: sample.py
import jax
from jax import lax, random


def walk(x, key, n):
    return lax.fori_loop(0, n, lambda i, x: x + random.normal(key, x.shape), x)  # BUG
#%% buggy: mapped over rows
#% file: data.py
import jax


def augment(images, key):
    def one(image):
        return image + 0.1 * jax.random.normal(key, image.shape)  # BUG

    return jax.vmap(one)(images)
#%% buggy: noise of every parameter
#% file: privacy.py
import jax


def noisy(grads, key, scale):
    return jax.tree_util.tree_map(
        lambda g: g + scale * jax.random.normal(key, g.shape), grads)  # BUG
#%% correct: a key for every parameter
#% file: privacy.py
import jax


def noisy(grads, key, scale):
    leaves, form = jax.tree_util.tree_flatten(grads)
    keys = jax.tree_util.tree_unflatten(form, list(jax.random.split(key, len(leaves))))
    return jax.tree_util.tree_map(lambda g, k: g + scale * jax.random.normal(k, g.shape), grads, keys)
#%% correct: fields of the same samples in one order
#% file: data.py
import jax


def shuffled(batch, key):
    def reorder(x):
        return jax.random.permutation(key, x)

    return jax.tree_util.tree_map(reorder, batch)
#%% correct: carried and split
#% file: sample.py
import jax
import jax.numpy as jnp


def noised(params, x0, key, betas):
    def body(carry, beta):
        x, key = carry
        key, sub = jax.random.split(key)
        eps = jax.random.normal(sub, x.shape)
        x = jnp.sqrt(1 - beta) * x + jnp.sqrt(beta) * eps
        return (x, key), x.mean()

    return jax.lax.scan(body, (x0, key), betas)
#%% correct: keys as inputs, folded, or mapped
#% file: sample.py
import jax
import jax.numpy as jnp


def walks(x0, key, n):
    def body(x, key):
        return x + jax.random.normal(key, x.shape), None

    def folded(i, x):
        return x + jax.random.normal(jax.random.fold_in(key, i), x.shape)

    key, sub = jax.random.split(key)
    x, _ = jax.lax.scan(body, x0, jax.random.split(sub, n))
    x = jax.lax.fori_loop(0, n, folded, x)
    key, sub = jax.random.split(key)
    return jax.vmap(lambda k, row: row + jax.random.normal(k, row.shape))(jax.random.split(sub, x.shape[0]), x)
