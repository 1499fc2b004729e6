"""What the saved denoiser leaves of the noise on curves drawn anew."""
import json

import numpy as np
import torch
from denoise import Denoiser, curves

model = Denoiser(64, 96, 12)
model.load_state_dict(torch.load("denoiser.pt"))
torch.manual_seed(90210)
clean = torch.from_numpy(curves(2000, 64, np.random.default_rng(90210)))
noisy = clean + 0.15 * torch.randn_like(clean)
with torch.no_grad():
    left = torch.nn.functional.mse_loss(model(noisy), clean).item()
print(json.dumps({"error_share": left / torch.nn.functional.mse_loss(noisy, clean).item()}))
