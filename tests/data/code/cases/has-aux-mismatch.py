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
