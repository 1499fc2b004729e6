"""Distance of generated to newly drawn winds, beside that of a normal distribution and of two real sets."""
import json

import torch

from diffusion import Denoiser, Process
from winds import sliced_distance, winds

saved = torch.load("winds.ckpt")
config = saved["config"]
model = Denoiser(config["hidden"], config["depth"])
model.load_state_dict(saved["model"])
model.eval()
g = torch.Generator().manual_seed(135135)
fresh, again = winds(3000, g), winds(3000, g)
made = Process(config["diffusion_steps"]).sample(model, 3000, g) * saved["std"] + saved["mean"]
plain = torch.distributions.MultivariateNormal(fresh.mean(0), torch.cov(fresh.T)).sample((3000,))
nearest = torch.cdist(made, fresh).min(1).values
print(json.dumps({
    "distance": sliced_distance(made, fresh), "over_plain_normal": sliced_distance(made, fresh) / sliced_distance(plain, fresh),
    "real_distance": sliced_distance(again, fresh), "near_real": (nearest < 0.3).float().mean().item(),
    "plain_near_real": (torch.cdist(plain, fresh).min(1).values < 0.3).float().mean().item(),
}))
