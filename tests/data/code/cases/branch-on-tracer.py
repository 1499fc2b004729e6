#%% buggy: comparison of an argument
#% file: train.py
import jax
import jax.numpy as jnp


@jax.jit
def clip(x, limit):
    norm = jnp.linalg.norm(x)
    if limit > 0:  # BUG
        x = x * limit / norm
    return x
#%% buggy: reduction
#% file: train.py
import jax
import jax.numpy as jnp


def step(params, grads):
    if jnp.any(jnp.isnan(grads)):  # BUG
        return params
    return params - 0.1 * grads


fast = jax.jit(step)
#%% buggy: body of a scan
#% file: train.py
import jax


def total(xs):
    def body(carry, x):
        carry = carry + x if x > 0 else carry  # BUG
        return carry, carry

    return jax.lax.scan(body, 0.0, xs)
#%% correct: static, shape, None and default
#% file: train.py
import functools
import jax
import jax.numpy as jnp


@functools.partial(jax.jit, static_argnames=("power",))
def norm(x, power, mask=None, train=True):
    if power == 2:
        x = x ** 2
    if mask is not None:
        x = x * mask
    if train and x.ndim > 1 and len(x) > 3 and x.shape[0] > 2:
        x = x / x.shape[0]
    return jnp.sum(x)
#%% correct: gradient without jit, and lax
#% file: train.py
import jax
import jax.numpy as jnp


def huber(x):
    if x > 1.0:
        return x - 0.5
    return 0.5 * x ** 2


slope = jax.grad(huber)(2.0)


@jax.jit
def safe(params, grads):
    bad = jnp.any(jnp.isnan(grads))
    return jax.lax.cond(bad, lambda: params, lambda: params - 0.1 * grads)
#%% correct: bound by partial
#% file: train.py
import functools
import jax


def step(depth, x):
    if depth > 2:
        x = x * 2
    return x


fast = jax.jit(functools.partial(step, 3))
