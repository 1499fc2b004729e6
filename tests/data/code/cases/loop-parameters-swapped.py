#%% buggy: counter last
#% file: train.py
import jax


def total(xs):
    def body(acc, i):  # BUG
        return acc + xs[i]

    return jax.lax.fori_loop(0, 10, body, 0.0)
#%% correct: each in its order
#% file: train.py
import jax


def total(xs):
    def body(i, acc):
        return acc + xs[i]

    def step(carry, x):
        return carry + x, carry

    return jax.lax.fori_loop(0, 10, body, 0.0), jax.lax.scan(step, 0.0, xs)
