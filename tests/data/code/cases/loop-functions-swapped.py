#%% buggy: body first
#% file: train.py
import jax


def settle(x):
    def cond_fun(x):
        return x > 1.0

    def body_fun(x):
        return x / 2

    return jax.lax.while_loop(body_fun, cond_fun, x)  # BUG
#%% buggy: branches
#% file: train.py
import jax


def choose(p, x, true_fn, false_fn):
    return jax.lax.cond(p, false_fn, true_fn, x)  # BUG
#%% correct: in order
#% file: train.py
import jax


def settle(x, p, true_fn, false_fn):
    def cond_fun(x):
        return x > 1.0

    def body_fun(x):
        return x / 2

    return jax.lax.while_loop(cond_fun, body_fun, x), jax.lax.cond(p, true_fn, false_fn, x)
