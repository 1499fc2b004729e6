#%% buggy: names swapped
class M(nn.Module):
    def forward(self, x):
        B, T, C = x.shape
        return x.view(B, C, T)  # BUG
m = M()
#%% buggy: size()
def to_heads(x):
    b, n, d = x.size()
    x = x.reshape(n, b, d)  # BUG
    return x
#%% buggy: known sizes
images = torch.rand(100, 32, 32, 3)
images = images.view(100, 3, 32, 32)  # BUG
#%% correct: permuted
class M(nn.Module):
    def forward(self, x):
        B, T, C = x.shape
        return x.permute(0, 2, 1).reshape(B, C, T)
m = M()
#%% correct: heads
def heads(x, h):
    B, T, C = x.shape
    return x.view(B, T, h, C // h).transpose(1, 2).reshape(B * h, T, C // h)
#%% correct: flattened and back
def flat(x):
    B, T, C = x.shape
    y = x.view(B * T, C)
    return y.view(B, T, C)
#%% buggy: channels from sequence
#% file: asr.py
import torch.nn as nn

class SpeechNet(nn.Module):
    def __init__(self, n_mels, n_class):
        super().__init__()
        self.cnn = nn.Conv2d(1, 32, 3, padding=1)
        self.rnn = nn.GRU(32 * n_mels, 256, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(512, n_class)

    def forward(self, x):
        x = self.cnn(x)
        sizes = x.size()
        b, c, f, t = x.size()
        x = x.view(b, t, c * f)  # BUG
        x, _ = self.rnn(x)
        return self.fc(x)
#%% correct: channels from sequence
#% file: asr.py
import torch.nn as nn

class SpeechNet(nn.Module):
    def __init__(self, n_mels, n_class):
        super().__init__()
        self.cnn = nn.Conv2d(1, 32, 3, padding=1)
        self.rnn = nn.GRU(32 * n_mels, 256, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(512, n_class)

    def forward(self, x):
        x = self.cnn(x)
        sizes = x.size()
        b, c, f, t = x.size()
        x = x.permute(0, 3, 1, 2).contiguous().view(b, t, c * f)
        x, _ = self.rnn(x)
        return self.fc(x)
