#%% buggy: first row
class Rows(torch.utils.data.Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.y)
    def __getitem__(self, index):
        return self.x[0], self.y[0]  # BUG
#%% correct: used
class Rows(torch.utils.data.Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.y)
    def __getitem__(self, index):
        return self.x[index], self.y[index]
#%% correct: drawn
import random

class Rows(torch.utils.data.Dataset):
    def __init__(self, x):
        self.x = x
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        shift = random.randint(0, 3)
        return self.x[0] + shift
