#%% buggy: logits for the accuracy of the epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(3):
    outputs, labels = [], []
    for x, y in loader:
        out = model(x)
        loss = F.cross_entropy(out, y)
        o.zero_grad()
        loss.backward()
        o.step()
        outputs.append(out)  # BUG
        labels.append(y)
    print((torch.cat(outputs).argmax(1) == torch.cat(labels)).float().mean())
#%% buggy: probabilities in the history of a trainer
class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=0.1)
        self.history = []
    def step(self, x, y):
        out = self.model(x)
        loss = F.cross_entropy(out, y)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        self.history.append(torch.softmax(out, dim=-1))  # BUG
    def fit(self):
        for epoch in range(2):
            for x, y in loader:
                self.step(x, y)
Trainer(Net()).fit()
#%% buggy: images of a generator
G = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 20))
o = torch.optim.Adam(G.parameters(), lr=1e-3)
seen = []
for x, y in loader:
    fake = G(torch.randn(32, 16))
    loss = F.mse_loss(fake, x)
    o.zero_grad()
    loss.backward()
    o.step()
    seen.append(fake)  # BUG
#%% correct: detached outputs of one epoch
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(3):
    outputs = []
    for x, y in loader:
        out = model(x)
        loss = F.cross_entropy(out, y)
        o.zero_grad()
        loss.backward()
        o.step()
        outputs.append(out.detach().cpu())
    print(torch.cat(outputs).shape)
#%% correct: outputs of the parts of one step
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    parts = []
    for piece in x.chunk(2):
        parts.append(model(piece))
    loss = F.cross_entropy(torch.cat(parts), y)
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: outputs that the loss of several steps is made of
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
waiting = []
for x, y in loader:
    waiting.append(model(x))
    loss = torch.cat(waiting).pow(2).mean()
    o.zero_grad()
    loss.backward()
    o.step()
    waiting.clear()
#%% correct: a window of the last outputs
from collections import deque
model = Net()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
recent = []
for x, y in loader:
    out = model(x)
    loss = F.cross_entropy(out, y)
    o.zero_grad()
    loss.backward()
    o.step()
    recent.append(out)
    recent = recent[-10:]
#%% buggy: losses of a rl agent kept
#% file: agent.py
import torch
import torch.nn.functional as F
import numpy as np

class DQNAgent:
    def __init__(self, q_net, target_net, buffer, cfg):
        self.q_net, self.target_net = q_net, target_net
        self.buffer = buffer
        self.gamma = cfg.gamma
        self.batch_size = cfg.batch_size
        self.optimizer = torch.optim.Adam(self.q_net.parameters(), lr=cfg.lr)
        self.loss_log = []
        self.q_log = []

    def learn(self):
        states, actions, rewards, next_states, dones = self.buffer.sample(self.batch_size)
        q = self.q_net(states).gather(1, actions.unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            next_q = self.target_net(next_states).max(1)[0]
            target = rewards + self.gamma * next_q * (1 - dones)
        loss = F.smooth_l1_loss(q, target)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.loss_log.append(loss.item())
        self.q_log.append(q)  # BUG

    def run(self, env, steps):
        state = env.reset()
        for t in range(steps):
            action = self.act(state)
            nxt, r, done, _ = env.step(action)
            self.buffer.push(state, action, r, nxt, done)
            state = env.reset() if done else nxt
            if len(self.buffer) > self.batch_size:
                self.learn()
#%% correct: losses of a rl agent kept
#% file: agent.py
import torch
import torch.nn.functional as F
import numpy as np

class DQNAgent:
    def __init__(self, q_net, target_net, buffer, cfg):
        self.q_net, self.target_net = q_net, target_net
        self.buffer = buffer
        self.gamma = cfg.gamma
        self.batch_size = cfg.batch_size
        self.optimizer = torch.optim.Adam(self.q_net.parameters(), lr=cfg.lr)
        self.loss_log = []
        self.q_log = []

    def learn(self):
        states, actions, rewards, next_states, dones = self.buffer.sample(self.batch_size)
        q = self.q_net(states).gather(1, actions.unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            next_q = self.target_net(next_states).max(1)[0]
            target = rewards + self.gamma * next_q * (1 - dones)
        loss = F.smooth_l1_loss(q, target)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.loss_log.append(loss.item())
        self.q_log.append(q.detach().cpu())

    def run(self, env, steps):
        state = env.reset()
        for t in range(steps):
            action = self.act(state)
            nxt, r, done, _ = env.step(action)
            self.buffer.push(state, action, r, nxt, done)
            state = env.reset() if done else nxt
            if len(self.buffer) > self.batch_size:
                self.learn()
