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
x = torch.from_numpy(img).float().unsqueeze(0)
y = conv(x)  # BUG
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
