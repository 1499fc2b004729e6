#%% buggy: bytes
import numpy as np

class Pictures(torch.utils.data.Dataset):
    def __init__(self, path):
        self.x = np.load(path).astype(np.uint8)  # BUG
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]).float()
#%% buggy: decoded
import cv2

def read(path):
    image = cv2.imread(path)  # BUG
    return torch.tensor(image, dtype=torch.float32).permute(2, 0, 1)
#%% correct: divided
import numpy as np

class Pictures(torch.utils.data.Dataset):
    def __init__(self, path):
        self.x = np.load(path).astype(np.uint8)
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]).float() / 255
#%% correct: written only
import numpy as np

def save(image, path):
    np.save(path, image.astype(np.uint8))
