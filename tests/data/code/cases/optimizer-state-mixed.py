#%% buggy: actor with the state of the critic
#% file: train.py
import jax
import optax


def fit(actor, critic, batches):
    actor_tx, critic_tx = optax.adam(1e-4), optax.adam(1e-3)
    actor_state = actor_tx.init(actor)
    critic_state = critic_tx.init(critic)
    for x in batches:
        updates, critic_state = critic_tx.update(jax.grad(critic_loss)(critic, x), critic_state)
        critic = optax.apply_updates(critic, updates)
        updates, new_state = actor_tx.update(jax.grad(actor_loss)(actor, x), critic_state)  # BUG
        actor, actor_state = optax.apply_updates(actor, updates), new_state
    return actor, critic
#%% correct: each its own
#% file: train.py
import jax
import optax


def fit(actor, critic, batches):
    actor_tx, critic_tx = optax.adam(1e-4), optax.adam(1e-3)
    actor_state = actor_tx.init(actor)
    critic_state = critic_tx.init(critic)

    def step(params, opt_state, grads, tx):
        updates, opt_state = tx.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state

    for x in batches:
        updates, critic_state = critic_tx.update(jax.grad(critic_loss)(critic, x), critic_state)
        critic = optax.apply_updates(critic, updates)
        actor, actor_state = step(actor, actor_state, jax.grad(actor_loss)(actor, x), actor_tx)
    return actor, critic
