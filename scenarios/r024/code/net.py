import torch.nn as nn

from calls import N_FRAMES, N_MELS, TYPES


def conv_block(c_in, c_out, stride=1):
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(inplace=True),
    )


class CallNet(nn.Module):
    """Stem, two conv blocks with pooling, two dense layers."""

    def __init__(self, width=10, hidden=40, stem_stride=1, dropout=0.1):
        super().__init__()
        self.stem = conv_block(1, width, stride=stem_stride)
        self.features = nn.Sequential(
            conv_block(width, 2 * width),
            nn.MaxPool2d(2),
            conv_block(2 * width, 2 * width),
            nn.MaxPool2d(2),
        )
        flat = 2 * width * (N_MELS // 4) * (N_FRAMES // 4)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(flat, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, len(TYPES)),
        )

    def forward(self, x):
        return self.head(self.features(self.stem(x)))
