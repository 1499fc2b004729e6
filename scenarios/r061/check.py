import json

import torch

from calls import CallDataset
from train_bats import BatNet

saved = torch.load("batnet_best.pt", weights_only=True)
net = BatNet(saved["width"])
net.load_state_dict(saved["net"])
net.eval()
fresh = CallDataset(200, seed=73129, augment=False)
x = torch.stack([torch.from_numpy(fresh[i][0]) for i in range(len(fresh))])
y = torch.tensor([fresh[i][1] for i in range(len(fresh))])
with torch.no_grad():
    print(json.dumps({"accuracy": (net(x).argmax(1) == y).float().mean().item()}))
