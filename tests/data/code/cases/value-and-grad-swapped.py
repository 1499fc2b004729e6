#%% buggy: gradient first
#% file: train.py
import jax


def step(params, x, y):
    grads, loss = jax.value_and_grad(loss_fn)(params, x, y)  # BUG
    return jax.tree_util.tree_map(lambda p, g: p - 0.1 * g, params, grads), loss
#%% correct: value first, and grad with extras
#% file: train.py
import jax


def step(params, x, y):
    grad_fn = jax.jit(jax.value_and_grad(loss_fn))
    loss, grads = grad_fn(params, x, y)
    grads, loss_info = jax.grad(with_info, has_aux=True)(params, x, y)
    return jax.tree_util.tree_map(lambda p, g: p - 0.1 * g, params, grads), loss, loss_info
