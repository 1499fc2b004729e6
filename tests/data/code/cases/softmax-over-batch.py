#%% buggy: functional
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(20, 5)
    def forward(self, x):
        return F.log_softmax(self.fc(x), dim=0)  # BUG
model = M()
o = torch.optim.Adam(model.parameters())
for x, y in loader:
    o.zero_grad()
    F.nll_loss(model(x), y).backward()
    o.step()
#%% buggy: layer
model = nn.Sequential(nn.Flatten(), nn.Linear(20, 5), nn.Softmax(dim=0))  # BUG
for x, y in loader:
    print(model(x).argmax(1))
#%% buggy: convolutional
class C(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8 * 30 * 30, 10)
    def forward(self, x):
        x = torch.flatten(F.relu(self.conv(x)), 1)
        return torch.softmax(self.fc(x), dim=0)  # BUG
print(C()(torch.randn(4, 3, 32, 32)))
#%% buggy: policy read along the actions
#% file: train.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class PolicyNet(nn.Module):
    def __init__(self, obs_dim, n_actions, hidden=128):
        super().__init__()
        self.fc1 = nn.Linear(obs_dim, hidden)
        self.fc2 = nn.Linear(hidden, n_actions)

    def forward(self, state):
        x = F.relu(self.fc1(state))
        return F.softmax(self.fc2(x), dim=0)  # BUG

class Agent:
    def __init__(self, env, gamma=0.99):
        self.policy = PolicyNet(env.observation_space.shape[0], env.action_space.n)
        self.optimizer = torch.optim.Adam(self.policy.parameters(), lr=1e-3)

    def update(self, batch):
        states, actions, returns = batch
        probs = self.policy(states)
        logp = torch.log(probs.gather(1, actions.unsqueeze(1)) + 1e-8)
        loss = -(logp.squeeze() * returns).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
#%% correct: classes
model = nn.Sequential(nn.Flatten(), nn.Linear(20, 5), nn.Softmax(dim=1))
for x, y in loader:
    print(model(x).argmax(1))
#%% correct: one sample without a batch
policy = nn.Linear(4, 2)
print(F.softmax(policy(torch.randn(4)), dim=0))
#%% correct: weights over steps
scores = torch.randn(7, 3)
weights = torch.softmax(scores, dim=0)
#%% correct: policy read along the actions
#% file: train.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class PolicyNet(nn.Module):
    def __init__(self, obs_dim, n_actions, hidden=128):
        super().__init__()
        self.fc1 = nn.Linear(obs_dim, hidden)
        self.fc2 = nn.Linear(hidden, n_actions)

    def forward(self, state):
        x = F.relu(self.fc1(state))
        return F.softmax(self.fc2(x), dim=-1)

class Agent:
    def __init__(self, env, gamma=0.99):
        self.policy = PolicyNet(env.observation_space.shape[0], env.action_space.n)
        self.optimizer = torch.optim.Adam(self.policy.parameters(), lr=1e-3)

    def update(self, batch):
        states, actions, returns = batch
        probs = self.policy(states)
        logp = torch.log(probs.gather(1, actions.unsqueeze(1)) + 1e-8)
        loss = -(logp.squeeze() * returns).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
