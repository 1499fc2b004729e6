#%% buggy: text
import numpy as np

class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        table = np.loadtxt(self.path, delimiter=",")  # BUG
        return table[i]
#%% buggy: frame
import pandas as pd

class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        df = pd.read_csv(self.path)  # BUG
        return torch.tensor(df.iloc[i].values)
#%% correct: one file per sample
import numpy as np

class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        image = np.load(self.paths[i])
        return torch.from_numpy(image)
#%% correct: mapped
import numpy as np

class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        table = np.load(self.path, mmap_mode="r")
        return table[i]
