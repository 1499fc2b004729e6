#%% buggy: carry alone
#% file: train.py
import jax


def total(xs):
    def step(carry, x):
        return carry + x  # BUG

    return jax.lax.scan(step, 0.0, xs)
#%% correct: pair, or something that may be one
#% file: train.py
import jax


def total(xs, f):
    def step(carry, x):
        return carry + x, None

    def other(carry, x):
        return f(carry, x)

    return jax.lax.scan(step, 0.0, xs), jax.lax.scan(other, 0.0, xs)
#%% buggy: carry by its name
#% file: module.py
import jax
import jax.numpy as jnp

class SSM:
    def __call__(self, A, B, u):
        def f(h, x):
            h = A @ h + B @ x
            return h  # BUG
        return jax.lax.scan(f, jnp.zeros(A.shape[0]), u)
#%% correct: carry by its name
#% file: module.py
import jax
import jax.numpy as jnp

class SSM:
    def __call__(self, A, B, u):
        def f(h, x):
            h = A @ h + B @ x
            return h, h
        return jax.lax.scan(f, jnp.zeros(A.shape[0]), u)
