import zlib
from collections import OrderedDict

import numpy as np
import torch
from torch.utils.data import Dataset

from xylem import SIDE


class Pack:
    """Reads scans out of a pack file; the `keep` last used ones stay at hand as float images."""

    def __init__(self, folder, name, keep):
        self.index = np.load(f"{folder}/{name}.npy").tolist()
        self.file = open(f"{folder}/{name}.pack", "rb")
        self.keep = keep
        self.held = OrderedDict()

    def __len__(self):
        return len(self.index)

    def scan(self, i):
        if i in self.held:
            self.held.move_to_end(i)
            return self.held[i]
        offset, length, _ = self.index[i]
        self.file.seek(offset)
        grey = np.frombuffer(zlib.decompress(self.file.read(length)), np.uint8).reshape(SIDE, SIDE)
        image = grey.astype(np.float32) / 255
        image = (image - image.mean()) / image.std()
        self.held[i] = image
        if len(self.held) > self.keep:
            self.held.popitem(last=False)
        return image


class Crops(Dataset):
    def __init__(self, pack, size, seed=None):
        """Crops of size x size: at random, mirrored at random, or without a seed from the middle."""
        self.pack, self.size = pack, size
        self.rng = None if seed is None else np.random.default_rng(seed)

    def __len__(self):
        return len(self.pack)

    def __getitem__(self, i):
        image, species = self.pack.scan(i), self.pack.index[i][2]
        if self.rng is None:
            top = left = (SIDE - self.size) // 2
        else:
            top, left = self.rng.integers(0, SIDE - self.size + 1, 2)
        crop = image[top:top + self.size, left:left + self.size]
        if self.rng is not None and self.rng.random() < 0.5:
            crop = crop[:, ::-1]
        return torch.from_numpy(crop.copy())[None], species
