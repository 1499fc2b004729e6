#%% buggy: where
import numpy as np
x = np.random.randn(100, 20).astype("float32")
y = np.where(x[:, 0] > 0, 1.0, -1.0).astype("float32")
rows = TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
net = nn.Linear(20, 1)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.BCEWithLogitsLoss()
for a, b in DataLoader(rows, batch_size=10, shuffle=True):
    loss = criterion(net(a)[:, 0], b)  # BUG
    opt.zero_grad()
    loss.backward()
    opt.step()
#%% buggy: sign
x = torch.randn(100, 20)
y = torch.sign(x[:, 0])
print(F.binary_cross_entropy_with_logits(x[:, 1], y))  # BUG
#%% correct: zero and one
import numpy as np
x = np.random.randn(100, 20).astype("float32")
y = np.where(x[:, 0] > 0, 1.0, 0.0).astype("float32")
print(F.binary_cross_entropy_with_logits(torch.from_numpy(x[:, 1]), torch.from_numpy(y)))
#%% correct: mapped
x = torch.randn(100, 20)
y = torch.sign(x[:, 0])
print(F.binary_cross_entropy_with_logits(x[:, 1], (y + 1) / 2))
#%% correct: another loss
x = torch.randn(100, 20)
y = torch.sign(x[:, 0])
print(F.soft_margin_loss(x[:, 1], y))
