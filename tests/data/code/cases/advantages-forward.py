#%% buggy: forward
#% file: ppo.py
import jax


def advantages(batch, last_value, gamma, gae_lambda):
    def step(carry, t):
        gae, next_value = carry
        delta = t.reward + gamma * next_value * (1 - t.done) - t.value
        gae = delta + gamma * gae_lambda * (1 - t.done) * gae
        return (gae, t.value), gae

    _, adv = jax.lax.scan(step, (0.0, last_value), batch)  # BUG
    return adv
#%% correct: backward, or turned before
#% file: ppo.py
import jax


def advantages(batch, last_value, gamma, gae_lambda):
    def step(carry, t):
        gae, next_value = carry
        delta = t.reward + gamma * next_value * (1 - t.done) - t.value
        gae = delta + gamma * gae_lambda * (1 - t.done) * gae
        return (gae, t.value), gae

    _, adv = jax.lax.scan(step, (0.0, last_value), batch, reverse=True, unroll=16)
    return adv


def turned(batch, last_value, gamma, gae_lambda):
    def step(carry, t):
        gae, next_value = carry
        delta = t.reward + gamma * next_value * (1 - t.done) - t.value
        gae = delta + gamma * gae_lambda * (1 - t.done) * gae
        return (gae, t.value), gae

    _, adv = jax.lax.scan(step, (0.0, last_value), jax.tree_util.tree_map(lambda x: x[::-1], batch))
    return adv[::-1]
