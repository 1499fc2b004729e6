#%% buggy: kl of a vae
class V(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.d = nn.Linear(20, 8), nn.Linear(4, 20)
    def forward(self, x):
        mu, logvar = self.e(x).chunk(2, -1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.d(z), mu, logvar

model = V()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, _ in loader:
    out, mu, logvar = model(x)
    kl = 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())  # BUG
    loss = F.mse_loss(out, x, reduction="sum") + kl
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: entropy
from torch.distributions import Categorical
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    dist = Categorical(logits=policy(x))
    advantage = torch.randn(32)
    loss = -(dist.log_prob(y) * advantage).mean() + 0.01 * dist.entropy().mean()  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% buggy: policy gradient
from torch.distributions import Categorical
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    dist = Categorical(logits=policy(x))
    returns = torch.randn(32)
    loss = (dist.log_prob(y) * returns).mean()  # BUG
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: kl of a vae
class V(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.d = nn.Linear(20, 8), nn.Linear(4, 20)
    def forward(self, x):
        mu, logvar = self.e(x).chunk(2, -1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.d(z), mu, logvar

model = V()
o = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, _ in loader:
    out, mu, logvar = model(x)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    loss = F.mse_loss(out, x, reduction="sum") + kl
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: entropy subtracted
from torch.distributions import Categorical
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    dist = Categorical(logits=policy(x))
    returns = torch.randn(32)
    loss = -(dist.log_prob(y) * returns).mean() - 0.01 * dist.entropy().mean()
    o.zero_grad()
    loss.backward()
    o.step()
#%% correct: maximised on purpose
from torch.distributions import Categorical
policy = nn.Linear(20, 5)
o = torch.optim.Adam(policy.parameters(), lr=1e-3)
for x, y in loader:
    dist = Categorical(logits=policy(x))
    gain = dist.entropy().mean() + (dist.log_prob(y) * torch.randn(32)).mean()
    o.zero_grad()
    (-gain).backward()
    o.step()
#%% buggy: sum of three terms in a class
#% file: module.py
import torch
import torch.nn as nn

class PPO:
    def __init__(self, policy, lr, clip, ent_coef, vf_coef):
        self.policy = policy
        self.optimizer = torch.optim.Adam(policy.parameters(), lr=lr)
        self.clip, self.ent_coef, self.vf_coef = clip, ent_coef, vf_coef

    def update(self, rollouts):
        for obs, actions, old_log_probs, returns, advantages in rollouts:
            dist, values = self.policy(obs)
            log_probs = dist.log_prob(actions)
            entropy = dist.entropy().mean()
            ratio = (log_probs - old_log_probs).exp()
            surr1 = ratio * advantages
            surr2 = torch.clamp(ratio, 1 - self.clip, 1 + self.clip) * advantages
            policy_loss = -torch.min(surr1, surr2).mean()
            value_loss = (returns - values).pow(2).mean()
            loss = policy_loss + self.vf_coef * value_loss + self.ent_coef * entropy  # BUG
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
#%% correct: sum of three terms in a class
#% file: module.py
import torch
import torch.nn as nn

class PPO:
    def __init__(self, policy, lr, clip, ent_coef, vf_coef):
        self.policy = policy
        self.optimizer = torch.optim.Adam(policy.parameters(), lr=lr)
        self.clip, self.ent_coef, self.vf_coef = clip, ent_coef, vf_coef

    def update(self, rollouts):
        for obs, actions, old_log_probs, returns, advantages in rollouts:
            dist, values = self.policy(obs)
            log_probs = dist.log_prob(actions)
            entropy = dist.entropy().mean()
            ratio = (log_probs - old_log_probs).exp()
            surr1 = ratio * advantages
            surr2 = torch.clamp(ratio, 1 - self.clip, 1 + self.clip) * advantages
            policy_loss = -torch.min(surr1, surr2).mean()
            value_loss = (returns - values).pow(2).mean()
            loss = policy_loss + self.vf_coef * value_loss - self.ent_coef * entropy
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
#%% buggy: loss function that nothing calls
#% file: module.py
import torch
from torch.nn import functional as F

def vae_loss(recon_x, x, mu, logvar):
    bce = F.binary_cross_entropy(recon_x, x, reduction="sum")
    kld = 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())  # BUG
    return bce + kld
#%% correct: loss function that nothing calls
#% file: module.py
import torch
from torch.nn import functional as F

def vae_loss(recon_x, x, mu, logvar):
    bce = F.binary_cross_entropy(recon_x, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld
#%% buggy: method that gives the loss
#% file: module.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class VAE(nn.Module):
    def __init__(self, x_dim, z_dim):
        super().__init__()
        self.enc = nn.Linear(x_dim, 2 * z_dim)
        self.dec = nn.Linear(z_dim, x_dim)

    def forward(self, x):
        mu, log_var = self.enc(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        return self.dec(z), mu, log_var

    def loss_function(self, recon, x, mu, log_var):
        recons_loss = F.mse_loss(recon, x)
        kld_loss = torch.mean(0.5 * torch.sum(1 + log_var - mu ** 2 - log_var.exp(), dim=1), dim=0)  # BUG
        return recons_loss + self.kld_weight * kld_loss
#%% correct: method that gives the loss
#% file: module.py
import torch
import torch.nn as nn
import torch.nn.functional as F

class VAE(nn.Module):
    def __init__(self, x_dim, z_dim):
        super().__init__()
        self.enc = nn.Linear(x_dim, 2 * z_dim)
        self.dec = nn.Linear(z_dim, x_dim)

    def forward(self, x):
        mu, log_var = self.enc(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        return self.dec(z), mu, log_var

    def loss_function(self, recon, x, mu, log_var):
        recons_loss = F.mse_loss(recon, x)
        kld_loss = torch.mean(-0.5 * torch.sum(1 + log_var - mu ** 2 - log_var.exp(), dim=1), dim=0)
        return recons_loss + self.kld_weight * kld_loss
#%% buggy: terms collected in a list
#% file: module.py
import torch

class ActorCritic:
    def finish_episode(self):
        returns = self.discount(self.rewards)
        policy_losses = []
        value_losses = []
        for (log_prob, value), R in zip(self.saved, returns):
            advantage = R - value.item()
            policy_losses.append(log_prob * advantage)
            value_losses.append(torch.nn.functional.smooth_l1_loss(value, R))
        self.optimizer.zero_grad()
        loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum()  # BUG
        loss.backward()
        self.optimizer.step()
#%% correct: terms collected in a list
#% file: module.py
import torch

class ActorCritic:
    def finish_episode(self):
        returns = self.discount(self.rewards)
        policy_losses = []
        value_losses = []
        for (log_prob, value), R in zip(self.saved, returns):
            advantage = R - value.item()
            policy_losses.append(-log_prob * advantage)
            value_losses.append(torch.nn.functional.smooth_l1_loss(value, R))
        self.optimizer.zero_grad()
        loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum()
        loss.backward()
        self.optimizer.step()
