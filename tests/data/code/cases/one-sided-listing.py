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
