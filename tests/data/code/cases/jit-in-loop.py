#%% buggy: lambda
#% file: train.py
import jax
import jax.numpy as jnp

params = jnp.zeros((3,))
for x in batches():
    grads = jax.jit(lambda p, x: jax.grad(loss)(p, x))(params, x)  # BUG
    params = params - 0.1 * grads
#%% buggy: mapped gradient
#% file: train.py
import jax


def fit(params, batches, loss):
    for x, y in batches:
        step = jax.jit(jax.value_and_grad(loss))  # BUG
        value, grads = step(params, x, y)
        params = jax.tree_util.tree_map(lambda p, g: p - 0.1 * g, params, grads)
    return params
#%% correct: once, or one per setting
#% file: train.py
import jax


def fit(params, batches, loss):
    step = jax.jit(jax.value_and_grad(loss))
    for x, y in batches:
        value, grads = step(params, x, y)
        params = jax.tree_util.tree_map(lambda p, g: p - 0.1 * g, params, grads)
    return params


def sweep(rates, make_train, key):
    for rate in rates:
        train = jax.jit(lambda k: make_train(rate)(k))
        print(rate, train(key))
    tables = {}
    for name, f in [("a", abs), ("b", min)]:
        tables[name] = jax.jit(jax.vmap(f))
    return tables
