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
