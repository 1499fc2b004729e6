#%% buggy: another name
#% file: train.py
import functools
import jax


@functools.partial(jax.pmap, axis_name="devices")
def step(params, grads):
    grads = jax.lax.pmean(grads, "batch")  # BUG
    return params - 0.1 * grads
#%% correct: same name, an inner axis, or one that is passed in
#% file: train.py
import functools
import jax


def normalise(x, axis):
    return x - jax.lax.pmean(x, axis)


@functools.partial(jax.pmap, axis_name="devices")
def step(params, grads):
    inner = jax.vmap(lambda g: g - jax.lax.pmean(g, axis_name="rows"), axis_name="rows")(grads)
    grads = jax.lax.pmean(grads, "devices")
    return params - 0.1 * normalise(grads, "devices") + inner.mean()
