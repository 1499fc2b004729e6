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
