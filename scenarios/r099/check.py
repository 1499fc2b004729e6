"""New days: share of variance that is reconstructed; days drawn from the prior: their hourly mean and spread."""
import json

import numpy as np
import torch

from loads import profiles
from vae import LoadVAE

saved = torch.load("fit1/vae.pt")
model = LoadVAE(**saved["config"]["model"])
model.load_state_dict(saved["model"])
model.eval()
fresh = torch.from_numpy(profiles(2000, np.random.default_rng(246810)))
torch.manual_seed(13)
with torch.no_grad():
    x = (fresh - saved["mean"]) / saved["std"]
    y = model(x)[0] * saved["std"] + saved["mean"]
    made = model.decode(torch.randn(2000, model.latent)) * saved["std"] + saved["mean"]
explained = 1 - (y - fresh).square().mean() / (fresh - fresh.mean(0)).square().mean()
mean_error = (made.mean(0) - fresh.mean(0)).abs().mean() / fresh.std(0).mean()
spread = made.std(0).mean() / fresh.std(0).mean()
# correlation of 7 h with 20 h, that is with the length of the day, and of 3 h with 23 h (the cold store)
covariance = np.corrcoef(made.numpy().T) - np.corrcoef(fresh.numpy().T)
print(json.dumps({"explained_variance": explained.item(), "sampled_mean_error": mean_error.item(), "sampled_spread": spread.item(),
                  "correlation_error": float(np.abs(covariance).mean())}))
