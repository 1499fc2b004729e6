#%% buggy: gradients added
#% file: train.py
import jax
import optax


@jax.jit
def step(params, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    return optax.apply_updates(params, grads), value  # BUG
#%% correct: scaled by hand, or by the optimizer
#% file: train.py
import jax
import optax


@jax.jit
def step(params, state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, state = optax.adam(1e-3).update(grads, state, params)
    return optax.apply_updates(params, updates), state, value


@jax.jit
def plain(params, x, y):
    grads = jax.grad(loss)(params, x, y)
    grads = jax.tree_util.tree_map(lambda g: -0.1 * g, grads)
    return optax.apply_updates(params, grads)
