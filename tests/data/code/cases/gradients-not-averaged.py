#%% buggy: no collective
#% file: train.py
import functools
import jax
import optax

tx = optax.adam(1e-3)


@functools.partial(jax.pmap, axis_name="batch")
def step(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)  # BUG
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value
#%% buggy: loss averaged, gradients not
#% file: train.py
import jax
import optax


def train_step(state, batch):
    def loss_fn(params):
        return optax.softmax_cross_entropy_with_integer_labels(state.apply_fn(params, batch["x"]), batch["y"]).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)  # BUG
    loss = jax.lax.pmean(loss, axis_name="batch")
    return state.apply_gradients(grads=grads), loss


p_step = jax.pmap(train_step, axis_name="batch")
#%% correct: averaged, also in a helper and through the tree
#% file: train.py
import functools
import jax
import optax

tx = optax.adam(1e-3)


def average(tree):
    return jax.lax.pmean(tree, "batch")


@functools.partial(jax.pmap, axis_name="batch")
def step(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    grads = average(grads)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


@functools.partial(jax.pmap, axis_name="batch")
def other(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    grads = jax.tree_util.tree_map(functools.partial(jax.lax.pmean, axis_name="batch"), grads)
    value, grads = jax.lax.pmean((value, grads), "batch")
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value
#%% correct: one program over all devices
#% file: train.py
import jax
import optax

tx = optax.adam(1e-3)


@jax.jit
def step(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


evaluate = jax.pmap(lambda params, x: x @ params)
