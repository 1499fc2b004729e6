#%% buggy: underscore in the loss
#% file: train.py
import jax
import optax


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits, _ = state.apply_fn(  # BUG
            {"params": params, "batch_stats": state.batch_stats}, batch["image"], train=True, mutable=["batch_stats"]
        )
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss
#%% correct: kept
#% file: train.py
import jax
import optax


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits, updates = state.apply_fn(
            {"params": params, "batch_stats": state.batch_stats}, batch["image"], train=True, mutable=["batch_stats"]
        )
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()
        return loss, updates

    (loss, updates), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads)
    return state.replace(batch_stats=updates["batch_stats"]), loss
#%% correct: measured with the statistics of the batch
#% file: train.py
import optax


def eval_step(state, batch):
    logits, _ = state.apply_fn(
        {"params": state.params, "batch_stats": state.batch_stats}, batch["image"], mutable=["batch_stats"]
    )
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()
#%% buggy: haiku
#% file: train.py
import haiku as hk
import jax

net = hk.transform_with_state(forward)


def loss_fn(params, state, rng, x, y):
    logits, _ = net.apply(params, state, rng, x, is_training=True)  # BUG
    return cross_entropy(logits, y).mean()


grads = jax.grad(loss_fn)(params, state, rng, x, y)
#%% correct: haiku keeps its state
#% file: train.py
import haiku as hk
import jax

net = hk.transform_with_state(forward)


def loss_fn(params, state, rng, x, y):
    logits, new_state = net.apply(params, state, rng, x, is_training=True)
    return cross_entropy(logits, y).mean(), new_state


grads, state = jax.grad(loss_fn, has_aux=True)(params, state, rng, x, y)
#%% correct: statistics of the main run are kept
#% file: train.py
import jax
import optax


def train_step(state, batch):
    def loss_fn(params):
        variables = {"params": params, "batch_stats": state.batch_stats}
        extra, _ = state.apply_fn(variables, batch["extra"], train=True, mutable=["batch_stats"])
        logits, updates = state.apply_fn(variables, batch["image"], train=True, mutable=["batch_stats"])
        return optax.softmax_cross_entropy_with_integer_labels(logits + extra, batch["label"]).mean(), updates

    (loss, updates), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads, batch_stats=updates["batch_stats"]), loss
