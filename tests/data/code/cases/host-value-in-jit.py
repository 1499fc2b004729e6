#%% buggy: numpy noise
#% file: train.py
import jax
import jax.numpy as jnp
import numpy as np


@jax.jit
def step(params, x):
    noise = np.random.normal(size=(8,))  # BUG
    return params + jnp.mean(x) * noise
#%% buggy: in a helper that a scan runs
#% file: train.py
import random
import jax


def jitter(x):
    return x + random.random()  # BUG


def run(x, n):
    def body(x, _):
        return jitter(x), None

    return jax.lax.scan(body, x, None, n)[0]
#%% buggy: clock
#% file: train.py
import time
import jax


def timed(x):
    start = time.time()  # BUG
    y = x @ x
    return y, time.perf_counter() - start  # BUG


fast = jax.jit(timed)
#%% correct: outside, and by callback
#% file: train.py
import time
import jax
import jax.numpy as jnp
import numpy as np


def host_noise(shape):
    return np.random.normal(size=(8,)).astype(np.float32)


@jax.jit
def step(params, x, key):
    extra = jax.pure_callback(host_noise, jax.ShapeDtypeStruct((8,), jnp.float32), x.shape)
    return params + jnp.mean(x) * jax.random.normal(key, (8,)) + extra


start = time.time()
order = np.random.permutation(100)
rows = np.random.RandomState(0).normal(size=(100, 8))
