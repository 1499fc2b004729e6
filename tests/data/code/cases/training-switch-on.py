#%% buggy: evaluation with dropout
#% file: train.py
import jax
import jax.numpy as jnp


@jax.jit
def eval_step(state, batch, key):
    logits = state.apply_fn({"params": state.params}, batch["x"], train=True, rngs={"dropout": key})  # BUG
    return jnp.mean(jnp.argmax(logits, -1) == batch["y"])
#%% correct: off, and a prediction that samples
#% file: train.py
import jax
import jax.numpy as jnp


@jax.jit
def eval_step(state, batch):
    logits = state.apply_fn({"params": state.params}, batch["x"], train=False)
    return jnp.mean(jnp.argmax(logits, -1) == batch["y"])


def predict_with_spread(state, x, keys):
    runs = [state.apply_fn({"params": state.params}, x, train=True, rngs={"dropout": k}) for k in keys]
    return jnp.mean(jnp.stack(runs), 0), jnp.std(jnp.stack(runs), 0)
#%% correct: random masks are part of the measurement
#% file: train.py
import jax.numpy as jnp


def eval_step(state, batch, key):
    logits, mask = state.apply_fn(
        {"params": state.params}, batch["x"], train=True, mutable=False, rngs={"dropout": key}
    )
    return jnp.mean(mask * (logits - batch["x"]) ** 2)
