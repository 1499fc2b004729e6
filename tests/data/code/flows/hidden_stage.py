import torch
import torch.nn.functional as F
from pipeline_of_ours import augment
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.rand(100, 3, 16, 16), torch.randint(0, 4, (100,)))
model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(2048, 4))
opt = torch.optim.Adam(model.parameters())
for images, labels in DataLoader(data, batch_size=10, shuffle=True):
    images = augment(images)
    loss = F.cross_entropy(model(images), labels)
    opt.zero_grad()
    loss.backward()
    opt.step()
