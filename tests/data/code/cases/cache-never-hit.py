#%% buggy: crops cached under their drawn corner
import random
class Crops(torch.utils.data.Dataset):
    def __init__(self):
        self.images, self.cache = torch.randn(50, 3, 40, 40), {}
    def __len__(self):
        return 50
    def __getitem__(self, i):
        top = random.randint(0, 20)
        if (i, top) not in self.cache:
            self.cache[(i, top)] = self.images[i, :, top : top + 20].clone()  # BUG
        return self.cache[(i, top)], i % 5
crops = DataLoader(Crops(), batch_size=8, shuffle=True)
for x, y in crops:
    print(x.shape)
#%% correct: one entry per sample
class Images(torch.utils.data.Dataset):
    def __init__(self):
        self.images, self.cache = torch.randn(50, 3, 40, 40), {}
    def __len__(self):
        return 50
    def __getitem__(self, i):
        if i not in self.cache:
            self.cache[i] = self.images[i] * 2
        return self.cache[i], i % 5
images = DataLoader(Images(), batch_size=8, shuffle=True)
for x, y in images:
    print(x.shape)
#%% correct: bounded
import random
class Crops(torch.utils.data.Dataset):
    def __init__(self):
        self.images, self.cache = torch.randn(50, 3, 40, 40), {}
    def __len__(self):
        return 50
    def __getitem__(self, i):
        top = random.randint(0, 20)
        if len(self.cache) > 100:
            self.cache.clear()
        self.cache[(i, top)] = self.images[i, :, top : top + 20].clone()
        return self.cache[(i, top)], i % 5
crops = DataLoader(Crops(), batch_size=8, shuffle=True)
for x, y in crops:
    print(x.shape)
#%% buggy: rendered in a method, under a key that another method draws
class Rendered(torch.utils.data.Dataset):
    def __init__(self, augment):
        self.sweeps, self.augment, self.kept = torch.randn(50, 64), augment, {}
        self.rng = np.random.default_rng(0)
    def __len__(self):
        return 50
    def placement(self, i):
        if self.augment:
            return int(self.rng.integers(5, 80)), int(self.rng.integers(1_000_000))
        return 20, i
    def picture(self, i):
        onset, noise = self.placement(i)
        key = (i, onset, noise)
        if key not in self.kept:
            self.kept[key] = self.sweeps[i].roll(onset)  # BUG
        return self.kept[key]
    def __getitem__(self, i):
        return self.picture(i), i % 5
pictures = DataLoader(Rendered(True), batch_size=8, shuffle=True)
for x, y in pictures:
    print(x.shape)
