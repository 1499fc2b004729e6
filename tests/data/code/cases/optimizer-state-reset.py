#%% buggy: in the loop
#% file: train.py
import jax
import optax

tx = optax.adam(1e-3)
for x, y in batches():
    opt_state = tx.init(params)  # BUG
    grads = jax.grad(loss)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
#%% buggy: in the compiled step
#% file: train.py
import jax
import optax


@jax.jit
def step(params, x, y):
    tx = optax.adamw(3e-4)
    state = tx.init(params)  # BUG
    loss_value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state, loss_value
#%% correct: before the loop, and once per task
#% file: train.py
import jax
import optax


def adapt(params, tasks, loss):
    tx = optax.adam(1e-3)
    for task in tasks:
        inner, state = params, tx.init(params)
        opt_state = tx.init(params)
        for x, y in task:
            grads = jax.grad(loss)(inner, x, y)
            updates, opt_state = tx.update(grads, opt_state, inner)
            inner = optax.apply_updates(inner, updates)
    return inner
