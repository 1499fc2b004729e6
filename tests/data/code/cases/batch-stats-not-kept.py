#%% buggy: extras ignored
#% file: train.py
import jax
import optax


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits, updates = state.apply_fn(  # BUG
            {"params": params, "batch_stats": state.batch_stats}, batch["image"], train=True, mutable=["batch_stats"]
        )
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()
        return loss, (logits, updates)

    (loss, _), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), loss
#%% correct: kept by apply_gradients
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
        return loss, (logits, updates)

    grad_fn = jax.value_and_grad(loss_fn, has_aux=True)
    aux, grads = grad_fn(state.params)
    new_model_state = aux[1][1]
    return state.apply_gradients(grads=grads, batch_stats=new_model_state["batch_stats"]), aux[0]
#%% buggy: extras unpacked by name
#% file: module.py
import jax
import optax
from flax.training import train_state
from typing import Any

class TrainState(train_state.TrainState):
    batch_stats: Any

def train_step(state, images, labels):
    def loss_fn(params):
        logits, new_model_state = state.apply_fn(  # BUG
            {"params": params, "batch_stats": state.batch_stats}, images, mutable=["batch_stats"])
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
        return loss, (new_model_state, logits)
    (loss, (new_model_state, logits)), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), loss
#%% correct: extras unpacked by name
#% file: module.py
import jax
import optax
from flax.training import train_state
from typing import Any

class TrainState(train_state.TrainState):
    batch_stats: Any

def train_step(state, images, labels):
    def loss_fn(params):
        logits, new_model_state = state.apply_fn(
            {"params": params, "batch_stats": state.batch_stats}, images, mutable=["batch_stats"])
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
        return loss, (new_model_state, logits)
    (loss, (new_model_state, logits)), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads, batch_stats=new_model_state["batch_stats"]), loss
