#%% buggy: known sizes
images = torch.rand(64, 32, 32, 3)
dl = DataLoader(TensorDataset(images, torch.randint(0, 10, (64,))), batch_size=8, shuffle=True)
class C(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 10)
    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).mean((2, 3)))  # BUG
m = C()
o = torch.optim.Adam(m.parameters())
for x, y in dl:
    o.zero_grad()
    F.cross_entropy(m(x), y).backward()
    o.step()
#%% buggy: read with cv2
import cv2
conv = nn.Conv2d(3, 16, 3)
img = cv2.imread("a.png")
x = torch.from_numpy(img).float().unsqueeze(0)  # BUG
y = conv(x)
#%% buggy: numpy
import numpy as np
x = np.random.rand(16, 28, 28, 1)
net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())  # BUG
out = net(torch.from_numpy(x).float())
#%% correct: channels first
images = torch.rand(64, 3, 32, 32)
conv = nn.Conv2d(3, 8, 3)
print(conv(images))
#%% correct: permuted
images = torch.rand(64, 32, 32, 3)
conv = nn.Conv2d(3, 8, 3)
print(conv(images.permute(0, 3, 1, 2)))
#%% correct: transform
import cv2
from torchvision import transforms
conv = nn.Conv2d(3, 16, 3)
x = transforms.ToTensor()(cv2.imread("a.png")).unsqueeze(0)
print(conv(x))
#%% buggy: opencv reader in dataset
#% file: cv_data.py
import cv2
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

class FaceDataset(Dataset):
    def __init__(self, paths, labels):
        self.paths, self.labels = paths, labels

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        img = cv2.imread(self.paths[i])
        img = cv2.resize(img, (112, 112)) / 255.0
        return torch.tensor(img, dtype=torch.float32), self.labels[i]  # BUG

class FaceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3)
        self.fc = nn.Linear(32, 2)

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))

def train(paths, labels):
    net = FaceNet()
    opt = torch.optim.Adam(net.parameters())
    for x, y in DataLoader(FaceDataset(paths, labels), batch_size=32, shuffle=True):
        loss = nn.functional.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% correct: opencv reader in dataset
#% file: cv_data.py
import cv2
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

class FaceDataset(Dataset):
    def __init__(self, paths, labels):
        self.paths, self.labels = paths, labels

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        img = cv2.imread(self.paths[i])
        img = cv2.resize(img, (112, 112)) / 255.0
        img = np.transpose(img, (2, 0, 1))
        return torch.tensor(img, dtype=torch.float32), self.labels[i]

class FaceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3)
        self.fc = nn.Linear(32, 2)

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))

def train(paths, labels):
    net = FaceNet()
    opt = torch.optim.Adam(net.parameters())
    for x, y in DataLoader(FaceDataset(paths, labels), batch_size=32, shuffle=True):
        loss = nn.functional.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
