#%% buggy: extras without has_aux
#% file: train.py
import jax
import jax.numpy as jnp


def loss_fn(params, x, y):
    pred = x @ params
    return jnp.mean((pred - y) ** 2), pred


grads = jax.grad(loss_fn)(params, x, y)  # BUG
#%% buggy: has_aux without extras
#% file: train.py
import jax
import jax.numpy as jnp


@jax.jit
def step(params, x, y):
    def loss_fn(params):
        return jnp.mean((x @ params - y) ** 2)

    (loss, aux), grads = jax.value_and_grad(loss_fn, has_aux=True)(params)  # BUG
    return loss, grads
#%% correct: both fit
#% file: train.py
import jax
import jax.numpy as jnp


def loss_fn(params, x, y):
    pred = x @ params
    return jnp.mean((pred - y) ** 2), {"pred": pred}


def plain(params, x, y):
    return loss_fn(params, x, y)[0]


def passed_on(params, x, y):
    return loss_fn(params, x, y)


(loss, aux), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, x, y)
(loss, aux), grads = jax.value_and_grad(passed_on, has_aux=True)(params, x, y)
value = jax.grad(plain)(params, x, y)
#%% buggy: equinox with a state
#% file: module.py
import equinox as eqx
import jax
import optax

def loss(model, state, x, y):
    logits, state = jax.vmap(model, axis_name="batch", in_axes=(0, None), out_axes=(0, None))(x, state)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), state

@eqx.filter_jit
def make_step(model, state, opt_state, x, y, tx):
    (value, state), grads = eqx.filter_value_and_grad(loss)(model, state, x, y)  # BUG
    updates, opt_state = tx.update(grads, opt_state)
    return eqx.apply_updates(model, updates), state, opt_state, value
#%% correct: equinox with a state
#% file: module.py
import equinox as eqx
import jax
import optax

def loss(model, state, x, y):
    logits, state = jax.vmap(model, axis_name="batch", in_axes=(0, None), out_axes=(0, None))(x, state)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), state

@eqx.filter_jit
def make_step(model, state, opt_state, x, y, tx):
    (value, state), grads = eqx.filter_value_and_grad(loss, has_aux=True)(model, state, x, y)
    updates, opt_state = tx.update(grads, opt_state)
    return eqx.apply_updates(model, updates), state, opt_state, value
