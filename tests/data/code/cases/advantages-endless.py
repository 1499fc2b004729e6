#%% buggy: no end flag
#% file: ppo.py
import jax


def advantages(rewards, values, last_value, gamma, gae_lambda):
    def step(carry, t):  # BUG
        gae, next_value = carry
        reward, value = t
        delta = reward + gamma * next_value - value
        gae = delta + gamma * gae_lambda * gae
        return (gae, value), gae

    return jax.lax.scan(step, (0.0, last_value), (rewards, values), reverse=True)[1]
#%% correct: with a discount per step
#% file: ppo.py
import jax


def advantages(rewards, discounts, values, last_value, gamma, gae_lambda):
    def step(carry, t):
        gae, next_value = carry
        reward, discount, value = t
        delta = reward + gamma * discount * next_value - value
        gae = delta + gamma * discount * gae_lambda * gae
        return (gae, value), gae

    return jax.lax.scan(step, (0.0, last_value), (rewards, discounts, values), reverse=True)[1]
