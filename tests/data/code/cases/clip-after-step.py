#%% buggy: after step
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # BUG
#%% buggy: before backward
from torch.nn.utils import clip_grad_value_
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    clip_grad_value_(model.parameters(), 0.5)  # BUG
    loss.backward()
    optimizer.step()
#%% buggy: class
class T:
    def __init__(self):
        self.model = Net()
        self.opt = torch.optim.SGD(self.model.parameters(), lr=0.1)
    def epoch(self, loader):
        for x, y in loader:
            self.opt.zero_grad()
            loss = F.cross_entropy(self.model(x), y)
            loss.backward()
            self.opt.step()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)  # BUG
T().epoch(loader)
#%% buggy: learning step of an agent
#% file: train.py
import torch
import torch.nn.functional as F

class DDPGAgent:
    def learn(self, experiences, gamma):
        states, actions, rewards, next_states, dones = experiences
        with torch.no_grad():
            q_next = self.critic_target(next_states, self.actor_target(next_states))
            q_targets = rewards + gamma * q_next * (1 - dones)
        critic_loss = F.mse_loss(self.critic_local(states, actions), q_targets)
        self.critic_optimizer.zero_grad()
        critic_loss.backward()
        self.critic_optimizer.step()
        torch.nn.utils.clip_grad_norm_(self.critic_local.parameters(), 1)  # BUG
#%% correct: between
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
#%% correct: under a condition
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
def train(clip):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        if clip > 0:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
train(float(input()))
#%% correct: norm of the weights, not a clip
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    with torch.no_grad():
        for p in model.parameters():
            p.clamp_(-1, 1)
#%% correct: learning step of an agent
#% file: train.py
import torch
import torch.nn.functional as F

class DDPGAgent:
    def learn(self, experiences, gamma):
        states, actions, rewards, next_states, dones = experiences
        with torch.no_grad():
            q_next = self.critic_target(next_states, self.actor_target(next_states))
            q_targets = rewards + gamma * q_next * (1 - dones)
        critic_loss = F.mse_loss(self.critic_local(states, actions), q_targets)
        self.critic_optimizer.zero_grad()
        critic_loss.backward()
        torch.nn.utils.clip_grad_norm_(self.critic_local.parameters(), 1)
        self.critic_optimizer.step()
