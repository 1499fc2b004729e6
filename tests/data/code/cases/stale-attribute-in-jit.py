#%% buggy: parameters of the agent
#% file: agent.py
from functools import partial
import jax
import jax.numpy as jnp


class Agent:
    def __init__(self, params):
        self.params = params

    @partial(jax.jit, static_argnums=(0,))
    def act(self, obs):
        return jnp.argmax(obs @ self.params)  # BUG

    def train(self, batches):
        for obs, grads in batches:
            action = self.act(obs)
            self.params = self.params - 0.1 * grads * action
#%% buggy: exploration rate
#% file: agent.py
import jax
import jax.numpy as jnp


class Agent:
    def __init__(self):
        self.epsilon = 1.0
        self.policy = jax.jit(self._policy)

    def _policy(self, q, key):
        greedy = jnp.argmax(q)
        return jnp.where(jax.random.uniform(key) < self.epsilon, 0, greedy)  # BUG

    def run(self, qs, keys):
        for q, key in zip(qs, keys):
            self._policy(q, key)
            self.epsilon *= 0.99
#%% correct: settings, and state as an argument
#% file: agent.py
from functools import partial
import jax
import jax.numpy as jnp


class Agent:
    def __init__(self, params, scale):
        self.params = params
        self.scale = scale

    @partial(jax.jit, static_argnums=(0,))
    def act(self, params, obs):
        return jnp.argmax(self.scale * obs @ params)

    def train(self, batches):
        for obs, grads in batches:
            action = self.act(self.params, obs)
            self.params = self.params - 0.1 * grads * action
