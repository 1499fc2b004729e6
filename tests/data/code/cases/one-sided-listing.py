#%% buggy: masks
import os

class Pairs(torch.utils.data.Dataset):
    def __init__(self, root):
        self.images = sorted(os.listdir(os.path.join(root, "images")))
        self.masks = os.listdir(os.path.join(root, "masks"))  # BUG
    def __len__(self):
        return len(self.images)
    def __getitem__(self, i):
        return self.images[i], self.masks[i]
#%% buggy: glob
import glob

def pairs(root):
    noisy = glob.glob(root + "/noisy/*.png")  # BUG
    clean = sorted(glob.glob(root + "/clean/*.png"))
    return list(zip(noisy, clean))
#%% buggy: paths
from pathlib import Path
left = sorted(Path("left").glob("*.png"))
right = list(Path("right").glob("*.png"))  # BUG
print(list(zip(left, right)))
#%% correct: both sorted
import os

def pairs(root):
    images = sorted(os.listdir(root + "/images"))
    masks = sorted(os.listdir(root + "/masks"))
    return list(zip(images, masks))
#%% correct: sorted afterwards
import glob

def pairs(root):
    noisy = glob.glob(root + "/noisy/*.png")
    clean = sorted(glob.glob(root + "/clean/*.png"))
    noisy.sort()
    return list(zip(noisy, clean))
#%% correct: one listing
import os

def images(root):
    names = os.listdir(root)
    return [n for n in names if n.endswith(".png")]
#%% buggy: neither sorted, read with one index
import os

class Roads(torch.utils.data.Dataset):
    def __init__(self, root):
        self.images = [os.path.join(root, "images", f) for f in os.listdir(root + "/images")]  # BUG
        self.masks = [os.path.join(root, "masks", f) for f in os.listdir(root + "/masks")]
    def __getitem__(self, i):
        return torch.load(self.images[i]), torch.load(self.masks[i])
#%% buggy: neither sorted, zipped
from pathlib import Path

def pairs(root):
    noisy = list(Path(root, "noisy").glob("*.wav"))  # BUG
    clean = list(Path(root, "clean").glob("*.wav"))
    return list(zip(noisy, clean))
#%% correct: not read side by side
import os

def count(root):
    train = os.listdir(root + "/train")
    test = os.listdir(root + "/test")
    return len(train), len(test), train[0], test[0]
#%% buggy: zipped at once
import glob

def pairs():
    return list(zip(glob.glob("noisy/*.npy"), sorted(glob.glob("clean/*.npy"))))  # BUG
#%% correct: zipped and sorted
import glob

def pairs():
    return list(zip(sorted(glob.glob("noisy/*.npy")), sorted(glob.glob("clean/*.npy"))))
