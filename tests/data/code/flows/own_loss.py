import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(0)
labels = rng.integers(0, 3, 500)
inputs = rng.standard_normal((500, 8)) + labels[:, None]
x = torch.tensor(inputs, dtype=torch.float32)
y = torch.from_numpy(labels)
x[:, 0] = 0.0
net = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(100):
    probs = net(x).softmax(-1)
    loss = -(probs[torch.arange(500), y] + 1e-8).log().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
