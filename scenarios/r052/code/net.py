from torch import nn


class CallNet(nn.Module):
    def __init__(self, n_species, width=8):
        super().__init__()
        w = width
        self.conv1 = nn.Conv2d(1, w, 5, stride=2, padding=2, bias=False)
        self.bn1 = nn.BatchNorm2d(w)
        self.conv2 = nn.Conv2d(w, 2 * w, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * w)
        self.conv3 = nn.Conv2d(2 * w, 2 * w, 3, stride=2, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(2 * w)
        self.pool = nn.MaxPool2d((1, 4))
        self.head = nn.Linear(2 * w * 3, n_species)
        self.act = nn.ReLU()

    def forward(self, x):
        x = self.act(self.bn1(self.conv1(x)))
        x = self.act(self.bn2(self.conv2(x)))
        x = self.act(self.bn3(self.conv3(x)))
        return self.head(self.pool(x).flatten(1))
