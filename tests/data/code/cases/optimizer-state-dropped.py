#%% buggy: underscore
#% file: train.py
import jax
import optax


def fit(params, batches, loss):
    tx = optax.adam(1e-3)
    opt_state = tx.init(params)
    for x, y in batches:
        grads = jax.grad(loss)(params, x, y)
        updates, _ = tx.update(grads, opt_state, params)  # BUG
        params = optax.apply_updates(params, updates)
    return params
#%% buggy: step returns the parameters alone
#% file: train.py
import jax
import optax

tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1e-3))


@jax.jit
def step(params, opt_state, x, y):
    grads = jax.grad(loss)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)  # BUG
    return optax.apply_updates(params, updates)
#%% buggy: other name
#% file: train.py
import jax
import optax

tx = optax.sgd(1e-2, momentum=0.9)
opt_state = tx.init(params)
for x, y in batches():
    grads = jax.grad(loss)(params, x, y)
    updates, new_opt_state = tx.update(grads, opt_state)  # BUG
    params = optax.apply_updates(params, updates)
#%% correct: carried
#% file: train.py
import jax
import optax

tx = optax.adam(1e-3)


@jax.jit
def step(params, opt_state, x, y):
    grads = jax.grad(loss)(params, x, y)
    updates, new_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), new_state


opt_state = tx.init(params)
for x, y in batches():
    grads = jax.grad(loss)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
#%% correct: plain gradient descent keeps nothing
#% file: train.py
import jax
import optax


def fit(params, batches, loss):
    tx = optax.sgd(1e-2)
    state = tx.init(params)
    for x, y in batches:
        grads = jax.grad(loss)(params, x, y)
        updates, _ = tx.update(grads, state)
        params = optax.apply_updates(params, updates)
    return params
#%% correct: kept on the object
#% file: agent.py
import jax
import optax


class Agent:
    def __init__(self, params):
        self.tx = optax.adam(1e-3)
        self.opt_state = self.tx.init(params)

    def learn(self, params, grads):
        updates, self.opt_state = self.tx.update(grads, self.opt_state, params)
        return optax.apply_updates(params, updates)
