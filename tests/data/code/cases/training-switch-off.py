#%% buggy: deterministic loss
#% file: train.py
import jax
import optax


def train_step(state, batch, key):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["x"], deterministic=True, rngs={"dropout": key})  # BUG
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["y"]).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss
#%% correct: on in training, and a model without dropout
#% file: train.py
import jax
import optax


def train_step(state, batch, key):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["x"], deterministic=False, rngs={"dropout": key})
        frozen = state.apply_fn({"params": params}, batch["x"], deterministic=True)
        return optax.softmax_cross_entropy_with_integer_labels(logits + frozen, batch["y"]).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss
