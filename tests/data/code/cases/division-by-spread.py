#%% buggy: advantages
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    rewards = (y == 1).float()
    advantages = (rewards - rewards.mean()) / rewards.std()  # BUG
    loss = (F.cross_entropy(policy(x), y, reduction="none") * advantages).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: in a helper, by group
def standardise(r):
    return (r - r.mean(dim=1, keepdim=True)) / r.std(dim=1, keepdim=True)  # BUG

policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    a = standardise((y == 2).float().view(8, 4)).flatten()
    loss = (F.cross_entropy(policy(x), y, reduction="none") * a).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: outputs of the model
model = nn.Linear(20, 1)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    z = model(x)
    z = (z - z.mean(0)) / z.std(0)  # BUG
    o.zero_grad()
    (z ** 3).mean().backward()
    o.step()
#%% buggy: returns before the epochs of an update
#% file: train.py
import torch
import torch.nn.functional as F

class PPO:
    def __init__(self, policy, optimizer, clip=0.2, epochs=4):
        self.policy = policy
        self.optimizer = optimizer
        self.clip = clip
        self.epochs = epochs

    def update(self, memory):
        rewards = torch.tensor(memory.returns())
        rewards = (rewards - rewards.mean()) / rewards.std()  # BUG
        old_states = torch.stack(memory.states).detach()
        old_actions = torch.stack(memory.actions).detach()
        old_logprobs = torch.stack(memory.logprobs).detach()
        for _ in range(self.epochs):
            logprobs, values, entropy = self.policy.evaluate(old_states, old_actions)
            ratios = torch.exp(logprobs - old_logprobs)
            adv = rewards - values.detach()
            surr = torch.min(ratios * adv, torch.clamp(ratios, 1 - self.clip, 1 + self.clip) * adv)
            loss = -surr + 0.5 * F.mse_loss(values, rewards) - 0.01 * entropy
            self.optimizer.zero_grad()
            loss.mean().backward()
            self.optimizer.step()
#%% correct: small number added
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    rewards = (y == 1).float()
    advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-8)
    loss = (F.cross_entropy(policy(x), y, reduction="none") * advantages).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: clamped
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    rewards = (y == 1).float()
    advantages = (rewards - rewards.mean()) / rewards.std().clamp(min=1e-6)
    loss = (F.cross_entropy(policy(x), y, reduction="none") * advantages).mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: data once before training
table = torch.randn(500, 20)
table = (table - table.mean(0)) / table.std(0)
model = nn.Linear(20, 5)
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in DataLoader(TensorDataset(table, torch.randint(0, 5, (500,))), batch_size=50, shuffle=True):
    loss = F.cross_entropy(model(x), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: statistics of all data, used in the loop
table, target = torch.rand(4000, 5), torch.rand(4000, 1)
mean, spread = table.mean(0), table.std(0)
net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(1500):
    i = torch.randint(0, 4000, (16,))
    loss = F.smooth_l1_loss(net((table[i] - mean) / spread), target[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: statistics of all data, computed in the loop
table, target = torch.rand(4000, 5), torch.rand(4000, 1)
net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(1500):
    i = torch.randint(0, 4000, (16,))
    loss = F.smooth_l1_loss(net((table[i] - table.mean(0)) / table.std(0)), target[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: returns before the epochs of an update
#% file: train.py
import torch
import torch.nn.functional as F

class PPO:
    def __init__(self, policy, optimizer, clip=0.2, epochs=4):
        self.policy = policy
        self.optimizer = optimizer
        self.clip = clip
        self.epochs = epochs

    def update(self, memory):
        rewards = torch.tensor(memory.returns())
        rewards = (rewards - rewards.mean()) / (rewards.std() + 1e-5)
        old_states = torch.stack(memory.states).detach()
        old_actions = torch.stack(memory.actions).detach()
        old_logprobs = torch.stack(memory.logprobs).detach()
        for _ in range(self.epochs):
            logprobs, values, entropy = self.policy.evaluate(old_states, old_actions)
            ratios = torch.exp(logprobs - old_logprobs)
            adv = rewards - values.detach()
            surr = torch.min(ratios * adv, torch.clamp(ratios, 1 - self.clip, 1 + self.clip) * adv)
            loss = -surr + 0.5 * F.mse_loss(values, rewards) - 0.01 * entropy
            self.optimizer.zero_grad()
            loss.mean().backward()
            self.optimizer.step()
