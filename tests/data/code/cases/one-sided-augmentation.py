#%% buggy: points stay
import random

class Faces(torch.utils.data.Dataset):
    def __getitem__(self, i):
        image, points = self.images[i], self.points[i]
        if random.random() < 0.5:
            image = torch.flip(image, dims=[-1])  # BUG
        return image, points
#%% buggy: mask stays
import numpy as np

def sample(img, mask):
    if np.random.rand() > 0.5:
        img = img[:, ::-1].copy()  # BUG
    return {"image": img, "mask": mask}
#%% correct: both
import random

class Faces(torch.utils.data.Dataset):
    def __getitem__(self, i):
        image, points = self.images[i], self.points[i].clone()
        if random.random() < 0.5:
            image = torch.flip(image, dims=[-1])
            points[:, 0] = 1 - points[:, 0]
        return image, points
#%% correct: a class
import random

class Cats(torch.utils.data.Dataset):
    def __getitem__(self, i):
        image, label = self.images[i], self.labels[i]
        if random.random() < 0.5:
            image = torch.flip(image, dims=[-1])
        return image, label
#%% correct: brightness
import random

def sample(img, mask):
    if random.random() > 0.5:
        img = img * random.uniform(0.8, 1.2)
    return img, mask
