#%% buggy: one axis too few
#% file: train.py
import jax


def losses(loss, params, x, y):
    return jax.vmap(loss, in_axes=(None, 0))(params, x, y)  # BUG
#%% correct: one each, one for all, or unpacked
#% file: train.py
import jax


def losses(loss, params, x, y, rest):
    one = jax.vmap(loss, in_axes=(None, 0, 0))(params, x, y)
    two = jax.vmap(loss, in_axes=0)(x, y)
    three = jax.vmap(loss, in_axes=(None, 0))(params, *rest)
    return one, two, three
