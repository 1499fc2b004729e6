import torch
from torch import nn


class LoadVAE(nn.Module):
    def __init__(self, latent=6, hidden=64, sigma=0.25):
        super().__init__()
        self.latent, self.sigma = latent, sigma
        self.encode = nn.Sequential(nn.Linear(24, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(),
                                    nn.Linear(hidden, 2 * latent))
        self.decode = nn.Sequential(nn.Linear(latent, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(),
                                    nn.Linear(hidden, 24))

    def forward(self, x):
        mean, log_var = self.encode(x).chunk(2, dim=1)
        z = mean + torch.randn_like(mean) * (0.5 * log_var).exp()
        return self.decode(z), mean, log_var

    def terms(self, x):
        """Reconstruction and KL term, both in nats per profile (the constant of the normal density left out)."""
        y, mean, log_var = self(x)
        reconstruction = 0.5 * ((x - y) / self.sigma).square().sum(1).mean()
        kl = 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(1).mean()
        return reconstruction, kl
