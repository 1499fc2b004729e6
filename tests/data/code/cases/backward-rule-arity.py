#%% buggy: one gradient for two arguments
#% file: ops.py
import jax
import jax.numpy as jnp


@jax.custom_vjp
def clipped(x, limit):
    return jnp.clip(x, -limit, limit)


def forward(x, limit):
    return clipped(x, limit), x


def backward(x, g):
    return (g,)  # BUG


clipped.defvjp(forward, backward)
#%% correct: one each, and fixed arguments
#% file: ops.py
import functools
import jax
import jax.numpy as jnp


@jax.custom_vjp
def clipped(x, limit):
    return jnp.clip(x, -limit, limit)


def forward(x, limit):
    return clipped(x, limit), x


def backward(x, g):
    return g, None


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def rounded(x, n):
    return jnp.round(x, n)


def rounded_forward(x, n):
    return rounded(x, n), None


def rounded_backward(n, saved, g):
    return (g,)


clipped.defvjp(forward, backward)
rounded.defvjp(rounded_forward, rounded_backward)
#%% buggy: forward without residuals
#% file: ops.py
import jax


@jax.custom_vjp
def double(x):
    return 2 * x


def forward(x):
    return 2 * x  # BUG


def backward(saved, g):
    return (2 * g,)


double.defvjp(forward, backward)
