#%% buggy: dropout of the step
#% file: train.py
import jax
import optax
from flax.training import train_state


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn(
            {"params": params}, batch["x"], train=True,
            rngs={"dropout": jax.random.PRNGKey(0)})  # BUG
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["y"]).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss
#%% buggy: body of a scan
#% file: sample.py
import jax


def run(x, n):
    def body(x, _):
        return x + jax.random.normal(jax.random.PRNGKey(42), x.shape), None  # BUG

    return jax.lax.scan(body, x, None, length=n)[0]
#%% correct: passed in and folded
#% file: train.py
import jax
import optax
from flax.training import train_state


@jax.jit
def train_step(state, batch, key):
    dropout_key = jax.random.fold_in(key, state.step)

    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["x"], train=True, rngs={"dropout": dropout_key})
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["y"]).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss
#%% correct: initial weights and a fixed evaluation
#% file: train.py
import jax
import jax.numpy as jnp


def create_state(model, sample):
    return model.init({"params": jax.random.PRNGKey(0), "dropout": jax.random.PRNGKey(1)}, sample)


def evaluate(model, params, batches):
    def body(total, x):
        noise = jax.random.normal(jax.random.PRNGKey(7), x.shape)
        return total + jnp.mean(model.apply(params, x + noise)), None

    return jax.lax.scan(body, 0.0, batches)[0]
