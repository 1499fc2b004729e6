from torch import nn


def block(c_in, c_out):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU(),
                         nn.MaxPool2d(2))


class GlyphNet(nn.Module):
    def __init__(self, classes, width=16, dropout=0.1):
        super().__init__()
        self.features = nn.Sequential(block(1, width), block(width, 2 * width))
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.LazyLinear(128),
            nn.ReLU(),
            nn.Linear(128, classes),
            nn.Softmax(dim=1),
        )

    def forward(self, x):
        return self.classifier(self.features(x))

    def predict(self, x):
        """Class and its probability for each image."""
        prob, label = self.forward(x).max(dim=1)
        return label, prob
