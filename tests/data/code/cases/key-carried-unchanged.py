#%% buggy: runner state
#% file: ppo.py
import jax


def rollout(env, policy, params, runner_state, n):
    def env_step(runner_state, _):
        state, obs, rng = runner_state
        action = jax.random.categorical(rng, policy(params, obs))  # BUG
        obs, state, reward, done = env.step(state, action)
        return (state, obs, rng), (obs, action, reward, done)

    return jax.lax.scan(env_step, runner_state, None, n)
#%% buggy: split, but the old key carried
#% file: mcmc.py
import jax
import jax.numpy as jnp


def chain(key, x, n):
    def body(carry, _):
        x, key = carry
        sub = jax.random.split(key)[0]  # BUG
        x = x + 0.1 * jax.random.normal(sub, x.shape)
        return (x, key), x

    return jax.lax.scan(body, (x, key), None, length=n)
#%% correct: new key carried
#% file: ppo.py
import jax


def rollout(env, policy, params, runner_state, n):
    def env_step(runner_state, _):
        state, obs, rng = runner_state
        rng, action_rng = jax.random.split(rng)
        action = jax.random.categorical(action_rng, policy(params, obs))
        obs, state, reward, done = env.step(state, action)
        return (state, obs, rng), (obs, action, reward, done)

    return jax.lax.scan(env_step, runner_state, None, n)
#%% correct: folded with the counter that is carried
#% file: mcmc.py
import jax


def chain(key, x, n):
    def body(carry, _):
        x, key, i = carry
        x = x + 0.1 * jax.random.normal(jax.random.fold_in(key, i), x.shape)
        return (x, key, i + 1), x

    return jax.lax.scan(body, (x, key, 0), None, length=n)
#%% correct: split under another name
#% file: mcmc.py
import jax


def chain(key, x, n):
    def body(carry, _):
        x, key = carry
        new_key, sub = jax.random.split(key)
        x = x + 0.1 * jax.random.normal(sub, x.shape)
        return (x, new_key), x

    return jax.lax.scan(body, (x, key), None, length=n)
