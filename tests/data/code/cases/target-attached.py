#%% buggy: q learning
q = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
o = torch.optim.Adam(q.parameters(), lr=1e-3)
gamma = 0.99
for step in range(100):
    s, a, r, n = torch.randn(32, 4), torch.randint(0, 2, (32, 1)), torch.randn(32), torch.randn(32, 4)
    value = q(s).gather(1, a).squeeze(1)
    target = r + gamma * q(n).max(1)[0]
    loss = F.mse_loss(value, target)  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: with done
class Agent:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=1e-3)
        self.gamma = 0.99
    def learn(self, s, a, r, n, done):
        current = self.net(s).gather(1, a)
        best = self.net(n).max(1, keepdim=True)[0]
        wanted = r + self.gamma * best * (1 - done)
        loss = F.smooth_l1_loss(current, wanted)  # BUG
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
#%% buggy: critic
critic = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 1))
o = torch.optim.Adam(critic.parameters(), lr=1e-3)
for step in range(100):
    s, r, n = torch.randn(32, 4), torch.randn(32, 1), torch.randn(32, 4)
    loss = nn.MSELoss()(critic(s), r + 0.95 * critic(n))  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: no_grad
q = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
o = torch.optim.Adam(q.parameters(), lr=1e-3)
gamma = 0.99
for step in range(100):
    s, a, r, n = torch.randn(32, 4), torch.randint(0, 2, (32, 1)), torch.randn(32), torch.randn(32, 4)
    with torch.no_grad():
        target = r + gamma * q(n).max(1)[0]
    loss = F.mse_loss(q(s).gather(1, a).squeeze(1), target)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: detached
q = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
o = torch.optim.Adam(q.parameters(), lr=1e-3)
for step in range(100):
    s, a, r, n = torch.randn(32, 4), torch.randint(0, 2, (32, 1)), torch.randn(32), torch.randn(32, 4)
    target = r + 0.99 * q(n).detach().max(1)[0]
    loss = F.mse_loss(q(s).gather(1, a).squeeze(1), target)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: network of its own
import copy
q = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
frozen = copy.deepcopy(q)
o = torch.optim.Adam(q.parameters(), lr=1e-3)
for step in range(100):
    s, a, r, n = torch.randn(32, 4), torch.randint(0, 2, (32, 1)), torch.randn(32), torch.randn(32, 4)
    target = r + 0.99 * frozen(n).max(1)[0]
    loss = F.mse_loss(q(s).gather(1, a).squeeze(1), target)
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: squared difference
#% file: module.py
import torch
import torch.nn as nn

class Critic(nn.Module):
    def __init__(self, o, a):
        super().__init__()
        self.q = nn.Sequential(nn.Linear(o + a, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, obs, act):
        return self.q(torch.cat([obs, act], -1)).squeeze(-1)

class DDPG:
    def __init__(self, obs_dim, act_dim, actor, gamma):
        self.critic = Critic(obs_dim, act_dim)
        self.actor = actor
        self.gamma = gamma
        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=1e-3)

    def update_critic(self, batch):
        o, a, r, o2, d = batch["obs"], batch["act"], batch["rew"], batch["obs2"], batch["done"]
        q = self.critic(o, a)
        backup = r + self.gamma * (1 - d) * self.critic(o2, self.actor(o2))
        loss_q = ((q - backup) ** 2).mean()  # BUG
        self.critic_opt.zero_grad()
        loss_q.backward()
        self.critic_opt.step()
#%% correct: squared difference
#% file: module.py
import torch
import torch.nn as nn

class Critic(nn.Module):
    def __init__(self, o, a):
        super().__init__()
        self.q = nn.Sequential(nn.Linear(o + a, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, obs, act):
        return self.q(torch.cat([obs, act], -1)).squeeze(-1)

class DDPG:
    def __init__(self, obs_dim, act_dim, actor, gamma):
        self.critic = Critic(obs_dim, act_dim)
        self.actor = actor
        self.gamma = gamma
        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=1e-3)

    def update_critic(self, batch):
        o, a, r, o2, d = batch["obs"], batch["act"], batch["rew"], batch["obs2"], batch["done"]
        q = self.critic(o, a)
        with torch.no_grad():
            backup = r + self.gamma * (1 - d) * self.critic(o2, self.actor(o2))
        loss_q = ((q - backup) ** 2).mean()
        self.critic_opt.zero_grad()
        loss_q.backward()
        self.critic_opt.step()
#%% buggy: network given to the agent
#% file: module.py
import torch
import torch.nn.functional as F

class DoubleDQN:
    def __init__(self, online, target, gamma):
        self.online, self.target, self.gamma = online, target, gamma
        self.opt = torch.optim.Adam(self.online.parameters())

    def compute_td_loss(self, batch):
        state, action, reward, next_state, done = batch
        q_values = self.online(state).gather(1, action.unsqueeze(1)).squeeze(1)
        next_q = self.online(next_state).max(1)[0]
        expected = reward + self.gamma * next_q * (1 - done)
        loss = F.smooth_l1_loss(q_values, expected)  # BUG
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss
#%% correct: network given to the agent
#% file: module.py
import torch
import torch.nn.functional as F

class DoubleDQN:
    def __init__(self, online, target, gamma):
        self.online, self.target, self.gamma = online, target, gamma
        self.opt = torch.optim.Adam(self.online.parameters())

    def compute_td_loss(self, batch):
        state, action, reward, next_state, done = batch
        q_values = self.online(state).gather(1, action.unsqueeze(1)).squeeze(1)
        next_q = self.target(next_state).max(1)[0].detach()
        expected = reward + self.gamma * next_q * (1 - done)
        loss = F.smooth_l1_loss(q_values, expected)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss
