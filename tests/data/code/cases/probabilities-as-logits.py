#%% buggy: in the loss
#% file: train.py
import jax
import optax


def loss_fn(params, apply, x, y):
    probs = jax.nn.softmax(apply(params, x))
    return optax.softmax_cross_entropy_with_integer_labels(probs, y).mean()  # BUG
#%% buggy: at the end of the model
#% file: train.py
import flax.linen as nn
import optax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(32)(x))
        return nn.softmax(nn.Dense(10)(x))


model = Net()


def loss_fn(params, x, y):
    return optax.softmax_cross_entropy(logits=model.apply(params, x), labels=y).mean()  # BUG
#%% correct: logits, and probabilities for the metric
#% file: train.py
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        gate = nn.sigmoid(nn.Dense(32)(x))
        return nn.Dense(10)(x * gate)


def loss_fn(params, x, y):
    logits = Net().apply(params, x)
    probs = jax.nn.softmax(logits)
    return optax.softmax_cross_entropy(logits, y).mean(), jnp.max(probs)
