"""Accuracy of the saved network on photos of its own."""

import json
from pathlib import Path

import torch
import yaml
from stamps import photos
from vit import ViT

config = yaml.safe_load(Path("config.yaml").read_text())
net = ViT(**config["model"])
net.load_state_dict(torch.load("lightning_logs/version_0/last.ckpt"))
net.eval()
images, labels = photos(500, config["data"]["noise"], 444_000)
with torch.no_grad():
    print(json.dumps({"accuracy": (net(images).argmax(1) == labels).float().mean().item()}))
