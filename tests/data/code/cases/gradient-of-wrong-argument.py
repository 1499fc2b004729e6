#%% buggy: data first
#% file: train.py
import jax
import jax.numpy as jnp
import optax


def loss(x, y, params):
    return jnp.mean((x @ params - y) ** 2)


def step(params, state, x, y, tx):
    grads = jax.grad(loss)(x, y, params)  # BUG
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state
#%% correct: argnums, parameters first, and a gradient of the input
#% file: train.py
import jax
import jax.numpy as jnp
import optax


def loss(x, y, params):
    return jnp.mean((x @ params - y) ** 2)


def other(params, x, y):
    return loss(x, y, params)


def step(params, state, x, y, tx):
    grads = jax.grad(loss, argnums=2)(x, y, params)
    again = jax.grad(other)(params, x, y)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state, again


def adversarial(x, y, params):
    return x + 0.03 * jnp.sign(jax.grad(loss)(x, y, params))
