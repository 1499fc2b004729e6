#%% buggy: zeros
import numpy as np

class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        try:
            x = np.load(self.paths[i])
        except Exception:
            x = np.zeros(40)  # BUG
        return torch.from_numpy(x), self.labels[i]
#%% buggy: black picture
from PIL import Image

def load_image(path):
    try:
        return Image.open(path).convert("RGB")
    except OSError:
        return Image.new("RGB", (64, 64))  # BUG
#%% correct: raised
import numpy as np

class Rows(torch.utils.data.Dataset):
    def __getitem__(self, i):
        try:
            x = np.load(self.paths[i])
        except ValueError as error:
            raise RuntimeError(self.paths[i]) from error
        return torch.from_numpy(x), self.labels[i]
#%% correct: left out
import numpy as np

def load_all(paths):
    rows = []
    for path in paths:
        try:
            rows.append(np.load(path))
        except ValueError:
            continue
    return rows
#%% correct: weights
def load_weights(path, size):
    try:
        return torch.load(path)
    except FileNotFoundError:
        return torch.zeros(size)
#%% buggy: blank in place of nothing
class Reviews(torch.utils.data.Dataset):
    def __getitem__(self, i):
        row = self.rows[i]
        tokens = row["tokens"] or [0] * 12  # BUG
        return torch.tensor(tokens), row["stars"]
#%% correct: left out before
class Reviews(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = [r for r in rows if r["tokens"]]
    def __getitem__(self, i):
        return torch.tensor(self.rows[i]["tokens"]), self.rows[i]["stars"]
#%% correct: left out, and the blank never used
class Reviews(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = [r for r in rows if r["tokens"]]
    def __getitem__(self, i):
        tokens = self.rows[i]["tokens"] or [0] * 12
        return torch.tensor(tokens), self.rows[i]["stars"]
