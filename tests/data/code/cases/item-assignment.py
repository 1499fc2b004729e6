#%% buggy: element, then a slice
#% file: data.py
import jax.numpy as jnp


def fill(n):
    table = jnp.zeros((n, 3))
    table[0] = 1.0  # BUG
    table[1:, 2] += 2.0
    return table
#%% buggy: added to
#% file: data.py
import jax.numpy as jnp

counts = jnp.zeros(10)
for label in labels():
    counts[label] += 1  # BUG
#%% correct: at, NumPy, and a list
#% file: data.py
import jax.numpy as jnp
import numpy as np


def fill(n):
    table = jnp.zeros((n, 3))
    table = table.at[0].set(1.0)
    host = np.zeros((n, 3))
    host[0] = 1.0
    parts = [jnp.zeros(3)] * 2
    parts[0] = table[0]
    return table, host, parts
#%% correct: shown to fail
#% file: data.py
import jax.numpy as jnp

array = jnp.arange(5)
try:
    array[4] = 10
except TypeError as error:
    print(error)
