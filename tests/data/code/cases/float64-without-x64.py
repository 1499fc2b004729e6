#%% buggy: type asked for
#% file: train.py
import jax
import jax.numpy as jnp

x = jnp.linspace(0.0, 1.0, 50, dtype=jnp.float64)  # BUG
y = x.astype(jnp.float64)  # BUG
#%% correct: enabled
#% file: train.py
import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
x = jnp.linspace(0.0, 1.0, 50, dtype=jnp.float64)
#%% correct: numpy on the host
#% file: train.py
import jax.numpy as jnp
import numpy as np

x = np.linspace(0.0, 1.0, 50, dtype=np.float64)
y = jnp.asarray(x, dtype=jnp.float32)
