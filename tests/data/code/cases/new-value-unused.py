#%% buggy: scan keeps the old state
#% file: env.py
import jax


def rollout(env, params, state, n):
    def step(state, key):
        new_state, obs, reward = env.step(key, state, params)  # BUG
        return state, (obs, reward)

    return jax.lax.scan(step, state, jax.random.split(jax.random.PRNGKey(0), n))
#%% buggy: jitted step
#% file: train.py
import jax


@jax.jit
def train_step(params, x, y):
    grads = jax.grad(loss)(params, x, y)
    new_params = jax.tree_util.tree_map(lambda p, g: p - 0.1 * g, params, grads)  # BUG
    return params
#%% correct: returned, used, or another name
#% file: env.py
import jax


def rollout(env, params, state, n):
    def step(state, key):
        new_state, obs, reward = env.step(key, state, params)
        return new_state, (obs, reward)

    def peek(state, key):
        next_obs, state, reward = env.step(key, state, params)
        return state, reward

    keys = jax.random.split(jax.random.PRNGKey(0), n)
    return jax.lax.scan(step, state, keys), jax.lax.scan(peek, state, keys)
