#%% buggy: same network on both sides
#% file: dqn.py
import jax
import jax.numpy as jnp


def make_step(q, gamma):
    def loss_fn(params, obs, action, reward, next_obs, done):
        value = jnp.take_along_axis(q.apply(params, obs), action[:, None], 1)[:, 0]
        target = reward + gamma * (1 - done) * jnp.max(q.apply(params, next_obs), axis=-1)  # BUG
        return jnp.mean((value - target) ** 2)

    return jax.jit(jax.value_and_grad(loss_fn))
#%% correct: stopped, or another network
#% file: dqn.py
import jax
import jax.numpy as jnp


def make_step(q, gamma):
    def loss_fn(params, frozen, obs, action, reward, next_obs, done):
        value = jnp.take_along_axis(q.apply(params, obs), action[:, None], 1)[:, 0]
        target = reward + gamma * (1 - done) * jnp.max(q.apply(frozen, next_obs), axis=-1)
        return jnp.mean((value - target) ** 2)

    def other(params, obs, reward, next_obs, done):
        target = reward + gamma * (1 - done) * jnp.max(q.apply(params, next_obs), axis=-1)
        target = jax.lax.stop_gradient(target)
        return jnp.mean((jnp.max(q.apply(params, obs), -1) - target) ** 2)

    return jax.value_and_grad(loss_fn), jax.value_and_grad(other)
