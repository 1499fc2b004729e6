#%% buggy: tree
#% file: env.py
import jax
import jax.numpy as jnp


def step(env, key, state, action):
    key, reset_key = jax.random.split(key)
    obs_st, state_st, reward, done = env.step_env(key, state, action)
    obs_re, state_re = env.reset_env(reset_key)
    state = jax.tree_util.tree_map(lambda x, y: jnp.where(done, x, y), state_st, state_re)  # BUG
    obs = jax.lax.select(done, obs_st, obs_re)  # BUG
    return obs, state, reward, done
#%% correct: reset where done
#% file: env.py
import jax
import jax.numpy as jnp


def step(env, key, state, action):
    key, reset_key = jax.random.split(key)
    obs_st, state_st, reward, done = env.step_env(key, state, action)
    obs_re, state_re = env.reset_env(reset_key)
    state = jax.tree_util.tree_map(lambda x, y: jnp.where(done, x, y), state_re, state_st)
    obs = jax.lax.select(done, obs_re, obs_st)
    reward = jnp.where(done, reward, 0.0)
    return obs, state, reward, done
