#%% buggy: batch
def learn(memory, q, target_net, gamma):
    s, a, r, n, done = memory.sample(32)
    with torch.no_grad():
        wanted = r + gamma * target_net(n).max(1)[0]  # BUG
    return F.mse_loss(q(s).gather(1, a), wanted)
#%% buggy: method
class Agent:
    def targets(self, batch):
        states, actions, rewards, next_states, dones = zip(*batch)
        values = self.critic(torch.stack(next_states)).detach()
        return torch.tensor(rewards) + self.gamma * values  # BUG
#%% buggy: one step
def update(env, critic, state, action, discount):
    next_state, reward, terminated, truncated, info = env.step(action)
    target = reward + discount * critic(next_state)  # BUG
    return (target - critic(state)) ** 2
#%% correct: masked
def learn(memory, q, target_net, gamma):
    s, a, r, n, done = memory.sample(32)
    with torch.no_grad():
        wanted = r + gamma * target_net(n).max(1)[0] * (1 - done)
    return F.mse_loss(q(s).gather(1, a), wanted)
#%% correct: set to zero
def learn(memory, q, target_net, gamma):
    s, a, r, n, done = memory.sample(32)
    after = target_net(n).max(1)[0].detach()
    after[done] = 0.0
    return F.mse_loss(q(s).gather(1, a), r + gamma * after)
#%% correct: masked beforehand
def learn(memory, q, target_net, gamma):
    s, a, r, n, not_done = memory.sample(32)
    return F.mse_loss(q(s).gather(1, a), r + gamma * not_done * target_net(n).max(1)[0].detach())
#%% buggy: flag that is 1 while the episode goes on
#% file: module.py
import numpy as np
import torch

class TD3:
    def __init__(self, actor_target, critic, critic_target, discount=0.99):
        self.actor_target, self.critic, self.critic_target = actor_target, critic, critic_target
        self.discount = discount

    def train(self, replay_buffer, batch_size=100):
        state, action, next_state, reward, not_done = replay_buffer.sample(batch_size)
        with torch.no_grad():
            next_action = self.actor_target(next_state)
            target_Q = self.critic_target(next_state, next_action)
            target_Q = reward + self.discount * target_Q  # BUG
        current_Q = self.critic(state, action)
        return torch.nn.functional.mse_loss(current_Q, target_Q)
#%% correct: flag that is 1 while the episode goes on
#% file: module.py
import numpy as np
import torch

class TD3:
    def __init__(self, actor_target, critic, critic_target, discount=0.99):
        self.actor_target, self.critic, self.critic_target = actor_target, critic, critic_target
        self.discount = discount

    def train(self, replay_buffer, batch_size=100):
        state, action, next_state, reward, not_done = replay_buffer.sample(batch_size)
        with torch.no_grad():
            next_action = self.actor_target(next_state)
            target_Q = self.critic_target(next_state, next_action)
            target_Q = reward + not_done * self.discount * target_Q
        current_Q = self.critic(state, action)
        return torch.nn.functional.mse_loss(current_Q, target_Q)
