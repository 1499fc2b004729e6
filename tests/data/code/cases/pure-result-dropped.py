#%% buggy: parameters
#% file: train.py
import jax
import optax


def fit(params, batches, loss):
    tx = optax.adam(1e-3)
    state = tx.init(params)
    for x, y in batches:
        grads = jax.grad(loss)(params, x, y)
        updates, state = tx.update(grads, state, params)
        optax.apply_updates(params, updates)  # BUG
    return params
#%% buggy: train state
#% file: train.py
import jax
from flax.training import train_state


def fit(state, batches, loss):
    for x, y in batches:
        grads = jax.grad(loss)(state.params, x, y)
        state.apply_gradients(grads=grads)  # BUG
    return state
#%% buggy: split
#% file: train.py
import jax

key = jax.random.PRNGKey(0)
for step in range(10):
    jax.random.split(key)  # BUG
#%% correct: assigned, and an optimizer that changes its model
#% file: train.py
import jax
import optax
from flax import nnx


def fit(params, batches, loss, tx):
    state = tx.init(params)
    for x, y in batches:
        grads = jax.grad(loss)(params, x, y)
        updates, state = tx.update(grads, state, params)
        params = optax.apply_updates(params, updates)
    return params


def fit_nnx(model, batches, loss):
    optimizer = nnx.Optimizer(model, optax.adam(1e-3))
    for x, y in batches:
        grads = nnx.grad(loss)(model, x, y)
        optimizer.update(grads)
    return model
