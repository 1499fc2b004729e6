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
#%% buggy: function kept by the class
#% file: module.py
import jax
import jax.numpy as jnp
import optax

class Fitter:
    def __init__(self, loss_fn, tx):
        self.tx = tx
        self.grad_fn = jax.value_and_grad(loss_fn)

    def step(self, params, opt_state, batch):
        grads, loss = self.grad_fn(params, batch)  # BUG
        updates, opt_state = self.tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss
#%% correct: function kept by the class
#% file: module.py
import jax
import jax.numpy as jnp
import optax

class Fitter:
    def __init__(self, loss_fn, tx):
        self.tx = tx
        self.grad_fn = jax.value_and_grad(loss_fn)

    def step(self, params, opt_state, batch):
        loss, grads = self.grad_fn(params, batch)
        updates, opt_state = self.tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss
