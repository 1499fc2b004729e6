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
