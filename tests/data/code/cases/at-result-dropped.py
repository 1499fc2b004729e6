#%% buggy: set
#% file: data.py
import jax.numpy as jnp


def one_hot(labels, n):
    out = jnp.zeros((labels.shape[0], n))
    out.at[jnp.arange(labels.shape[0]), labels].set(1.0)  # BUG
    return out
#%% buggy: add in a loop
#% file: data.py
import jax.numpy as jnp

counts = jnp.zeros((10,))
for label in labels():
    counts.at[label].add(1)  # BUG
#%% correct: assigned or returned
#% file: data.py
import jax.numpy as jnp


def one_hot(labels, n):
    out = jnp.zeros((labels.shape[0], n))
    out = out.at[jnp.arange(labels.shape[0]), labels].set(1.0)
    return out.at[0].add(0.0)
#%% correct: other objects with the name
#% file: data.py
import jax
import pandas as pd

frame = pd.DataFrame({"a": [1, 2]})
frame.at[0, "a"] = 3
seen = {"a": set()}
seen["a"].add(1)
