#%% buggy: torchvision
from torchvision import transforms

class Roads(torch.utils.data.Dataset):
    def __init__(self, images, masks):
        self.images, self.masks = images, masks
        self.transform = transforms.Compose([transforms.RandomHorizontalFlip(), transforms.ToTensor()])
    def __getitem__(self, i):
        image, mask = self.images[i], self.masks[i]
        image = self.transform(image)
        mask = self.transform(mask)  # BUG
        return image, mask
#%% buggy: own transform
import random

class Flip:
    def __call__(self, x):
        return x.flip(-1) if random.random() < 0.5 else x

class Roads(torch.utils.data.Dataset):
    def __init__(self, images, masks, aug=None):
        self.images, self.masks, self.aug = images, masks, aug
    def __getitem__(self, i):
        img, seg = self.images[i], self.masks[i]
        img = self.aug(img)
        seg = self.aug(seg)  # BUG
        return img, seg

train = Roads([], [], Flip())
#%% correct: nothing random
from torchvision import transforms

class Roads(torch.utils.data.Dataset):
    def __init__(self, images, masks):
        self.images, self.masks = images, masks
        self.transform = transforms.Compose([transforms.Resize(64), transforms.ToTensor()])
    def __getitem__(self, i):
        image, mask = self.images[i], self.masks[i]
        image = self.transform(image)
        mask = self.transform(mask)
        return image, mask
#%% correct: one call
import random

class Flip:
    def __call__(self, x, m):
        return (x.flip(-1), m.flip(-1)) if random.random() < 0.5 else (x, m)

class Roads(torch.utils.data.Dataset):
    def __init__(self, images, masks, aug=None):
        self.images, self.masks, self.aug = images, masks, aug
    def __getitem__(self, i):
        img, seg = self.aug(self.images[i], self.masks[i])
        return img, seg

train = Roads([], [], Flip())
#%% correct: same seed
from torchvision import transforms

class Roads(torch.utils.data.Dataset):
    def __init__(self, images, masks):
        self.images, self.masks = images, masks
        self.transform = transforms.Compose([transforms.RandomHorizontalFlip(), transforms.ToTensor()])
    def __getitem__(self, i):
        image, mask, state = self.images[i], self.masks[i], torch.get_rng_state()
        image = self.transform(image)
        torch.set_rng_state(state)
        mask = self.transform(mask)
        return image, mask
