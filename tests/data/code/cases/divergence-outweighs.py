#%% buggy: default mean beside a sum
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.mu, self.lv, self.dec = nn.Linear(20, 32), nn.Linear(32, 4), nn.Linear(32, 4), nn.Linear(4, 20)
    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, lv = self.mu(h), self.lv(h)
        return self.dec(mu + torch.randn_like(mu) * (0.5 * lv).exp()), mu, lv

model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, _ in loader:
    out, mu, logvar = model(x)
    rec = F.mse_loss(out, x)
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    loss = rec + kld  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: loss method nothing calls
#% file: train.py
import torch
from torch import nn
from torch.nn import functional as F

class VanillaVAE(nn.Module):
    def __init__(self, in_dim, latent_dim):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(in_dim, 128), nn.ReLU())
        self.fc_mu = nn.Linear(128, latent_dim)
        self.fc_var = nn.Linear(128, latent_dim)
        self.decoder = nn.Linear(latent_dim, in_dim)

    def forward(self, x):
        h = self.encoder(x)
        mu, log_var = self.fc_mu(h), self.fc_var(h)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        return [self.decoder(z), x, mu, log_var]

    def loss_function(self, recons, input, mu, log_var):
        recons_loss = F.mse_loss(recons, input)
        kld_loss = -0.5 * torch.sum(1 + log_var - mu ** 2 - log_var.exp())
        loss = recons_loss + kld_loss  # BUG
        return {'loss': loss, 'kld': kld_loss}
#%% correct: both summed
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.mu, self.lv, self.dec = nn.Linear(20, 32), nn.Linear(32, 4), nn.Linear(32, 4), nn.Linear(4, 20)
    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, lv = self.mu(h), self.lv(h)
        return self.dec(mu + torch.randn_like(mu) * (0.5 * lv).exp()), mu, lv

model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, _ in loader:
    out, mu, logvar = model(x)
    rec = F.mse_loss(out, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    loss = rec + kld
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: a small weight
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.mu, self.lv, self.dec = nn.Linear(20, 32), nn.Linear(32, 4), nn.Linear(32, 4), nn.Linear(4, 20)
    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, lv = self.mu(h), self.lv(h)
        return self.dec(mu + torch.randn_like(mu) * (0.5 * lv).exp()), mu, lv

model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, _ in loader:
    out, mu, logvar = model(x)
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1).mean()
    loss = F.mse_loss(out, x) + 0.001 * kld
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% correct: loss method nothing calls
#% file: train.py
import torch
from torch import nn
from torch.nn import functional as F

class VanillaVAE(nn.Module):
    def __init__(self, in_dim, latent_dim):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(in_dim, 128), nn.ReLU())
        self.fc_mu = nn.Linear(128, latent_dim)
        self.fc_var = nn.Linear(128, latent_dim)
        self.decoder = nn.Linear(latent_dim, in_dim)

    def forward(self, x):
        h = self.encoder(x)
        mu, log_var = self.fc_mu(h), self.fc_var(h)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        return [self.decoder(z), x, mu, log_var]

    def loss_function(self, recons, input, mu, log_var):
        recons_loss = F.mse_loss(recons, input, reduction='sum')
        kld_loss = -0.5 * torch.sum(1 + log_var - mu ** 2 - log_var.exp())
        loss = recons_loss + kld_loss
        return {'loss': loss, 'kld': kld_loss}
