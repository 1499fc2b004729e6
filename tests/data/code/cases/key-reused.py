#%% buggy: drawn twice
#% file: train.py
import jax
import jax.numpy as jnp

key = jax.random.PRNGKey(0)
x = jax.random.normal(key, (256, 8))
noise = jax.random.normal(key, (256,))  # BUG
y = x.sum(1) + 0.1 * noise
print(jnp.mean(y))
#%% buggy: subkey made and the old key used
#% file: train.py
import jax
from jax import random


def corrupt(key, x, rate):
    keep = random.bernoulli(key, rate, x.shape)
    key, sub = random.split(key)  # BUG
    return x * keep + random.normal(sub, x.shape)
#%% buggy: same key at every step
#% file: train.py
import jax
import jax.numpy as jnp
import optax


def loss_fn(params, x, y, key):
    keep = jax.random.bernoulli(key, 0.8, x.shape)
    return jnp.mean((jnp.dot(x * keep / 0.8, params) - y) ** 2)


def train_step(params, opt_state, x, y, key):
    noise = jax.random.normal(key, x.shape)
    grads = jax.grad(lambda p: jnp.mean((jnp.dot(x + noise, p) - y) ** 2))(params)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state


tx = optax.adam(1e-3)
rng = jax.random.PRNGKey(3)
rng, init_key, step_key = jax.random.split(rng, 3)
params = jax.random.normal(init_key, (8,))
opt_state = tx.init(params)
for x, y in batches():
    params, opt_state = train_step(params, opt_state, x, y, step_key)  # BUG
#%% buggy: layers with one key
#% file: net.py
import jax


def init_mlp(sizes, key):
    return [jax.random.normal(key, (m, n)) for m, n in zip(sizes[:-1], sizes[1:])]  # BUG
#%% buggy: attribute
#% file: agent.py
import jax


class Agent:
    def __init__(self, seed):
        self.key = jax.random.PRNGKey(seed)

    def act(self, logits, scale):
        action = jax.random.categorical(self.key, logits)
        jitter = scale * jax.random.normal(self.key, action.shape)  # BUG
        return action, jitter
#%% correct: split before each use
#% file: train.py
import jax
import jax.numpy as jnp

key = jax.random.PRNGKey(0)
key, x_key, noise_key = jax.random.split(key, 3)
x = jax.random.normal(x_key, (256, 8))
noise = jax.random.normal(noise_key, (256,))
for step in range(100):
    key, sub = jax.random.split(key)
    batch = jax.random.permutation(sub, 256)[:32]
#%% correct: one of two branches
#% file: train.py
import jax


def sample(key, shape, kind):
    if kind == "uniform":
        return jax.random.uniform(key, shape)
    if kind == "normal":
        out = jax.random.normal(key, shape)
    else:
        out = jax.random.laplace(key, shape)
    return out
#%% correct: folded with the step
#% file: train.py
import jax

root = jax.random.PRNGKey(0)
for step in range(100):
    noise = jax.random.normal(jax.random.fold_in(root, step), (8,))
    drop = jax.random.bernoulli(jax.random.fold_in(root, 1000 + step), 0.9, (8,))
#%% correct: keys by index and by unpacking
#% file: net.py
import jax


def init_mlp(sizes, key):
    keys = jax.random.split(key, len(sizes))
    first = jax.random.normal(keys[0], (sizes[0],))
    second = jax.random.normal(keys[1], (sizes[1],))
    rest = [jax.random.normal(k, (m, n)) for k, m, n in zip(keys, sizes[:-1], sizes[1:])]
    return first, second, rest
#%% correct: object that splits its own key
#% file: agent.py
import jax


class Agent:
    def __init__(self, seed):
        self.rng = jax.random.PRNGKey(seed)

    def next_key(self):
        self.rng, key = jax.random.split(self.rng)
        return key

    def act(self, logits):
        action = jax.random.categorical(self.next_key(), logits)
        self.rng, key = jax.random.split(self.rng)
        return action, jax.random.normal(key, action.shape)
#%% correct: step splits inside and gives the key back
#% file: train.py
import jax
import jax.numpy as jnp


def step(params, x, key):
    key, sub = jax.random.split(key)
    noise = jax.random.normal(sub, x.shape)
    return params - 0.1 * jnp.mean(x + noise), key


key = jax.random.PRNGKey(1)
params = jnp.zeros(())
for x in batches():
    params, key = step(params, x, key)
#%% correct: first draw in a branch that leaves
#% file: net.py
import jax


def pick(key, values, greedy):
    if greedy:
        return values[jax.random.permutation(key, len(values))[0]]
    key, sub = jax.random.split(key)
    return jax.random.choice(sub, values)
#%% buggy: dropout key of every step
#% file: train.py
import jax
import optax


@jax.jit
def train_step(state, batch, dropout_key):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["x"], train=True, rngs={"dropout": dropout_key})
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["y"]).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


def fit(state, batches, dropout_key):
    for batch in batches:
        state, loss = train_step(state, batch, dropout_key)  # BUG
    return state
#%% correct: dropout key folded with the step
#% file: train.py
import jax
import optax


@jax.jit
def train_step(state, batch, key):
    dropout_key = jax.random.fold_in(key, state.step)

    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["x"], train=True, rngs={"dropout": dropout_key})
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["y"]).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


def fit(state, batches, key):
    for batch in batches:
        state, loss = train_step(state, batch, key)
    return state
#%% correct: streams of nnx keep their own count
#% file: train.py
import jax
from flax import nnx


@nnx.jit
def train_step(model, optimizer, rngs, x):
    grads = nnx.grad(lambda m: m(x, rngs=rngs).mean())(model)
    optimizer.update(model, grads)


def fit(model, optimizer, batches):
    rngs = nnx.Rngs(0)
    for x in batches:
        train_step(model, optimizer, rngs, x)
#%% buggy: layers of equinox
#% file: module.py
import jax
import jax.numpy as jnp
import equinox as eqx

class MLP(eqx.Module):
    layers: list
    bias: jax.Array

    def __init__(self, in_size, hidden, out_size, key):
        k1, k2 = jax.random.split(key)
        self.layers = [
            eqx.nn.Linear(in_size, hidden, key=k1),
            eqx.nn.Linear(hidden, out_size, key=k1),  # BUG
        ]
        self.bias = jnp.zeros(out_size)
#%% correct: layers of equinox
#% file: module.py
import jax
import jax.numpy as jnp
import equinox as eqx

class MLP(eqx.Module):
    layers: list
    bias: jax.Array

    def __init__(self, in_size, hidden, out_size, key):
        k1, k2 = jax.random.split(key)
        self.layers = [
            eqx.nn.Linear(in_size, hidden, key=k1),
            eqx.nn.Linear(hidden, out_size, key=k2),
        ]
        self.bias = jnp.zeros(out_size)
