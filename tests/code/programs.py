"""Programs and types that the tests of the code checks share."""

from collections.abc import Callable

from misrun.tools.code.inspect import Inspection

InspectFiles = Callable[..., Inspection]

BUGGY = """\
import torch
from torch import nn

model = nn.Linear(4, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in [(torch.randn(3, 4), torch.zeros(3).long())] * 10:
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    opt.step()
"""

PRELUDE = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.2))
        self.head = nn.Linear(64, 5)

    def forward(self, x):
        return self.head(self.body(x))


data = TensorDataset(torch.randn(500, 20), torch.randint(0, 5, (500,)))
loader = DataLoader(data, batch_size=32, shuffle=True)
"""
