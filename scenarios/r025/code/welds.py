"""Current traces of a spot welder: one weld per CSV row, 24 samples in kA and the inspector's class."""
import os

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

CLASSES = ["sound", "splash", "cold", "misfed"]
SAMPLES = 24


def trace(kind, rng):
    t = np.arange(SAMPLES)
    current = rng.uniform(7.2, 8.8) * (1 - np.exp(-(t + 1) / rng.uniform(2, 3)))
    at = rng.integers(8, 20)
    if kind == 1:
        current[at:at + 3] += np.array([1.8, -1.6, 0.6])[:SAMPLES - at]
    elif kind == 2:
        current[at:] -= np.linspace(0, 1.8, SAMPLES - at)
    elif kind == 3:
        current[at - 6:at] *= 0.75
    return current + rng.normal(0, 0.12, SAMPLES)


def log_shift(path, welds, rng, late=0):
    """Writes a shift as the controller logs it; `late` samples had not arrived from its bus by then."""
    kinds = rng.choice(4, welds, p=[0.4, 0.2, 0.2, 0.2])
    rows = [[f"{value:.2f}" for value in trace(kind, rng)] + [str(kind)] for kind in kinds]
    for row in rng.choice(welds, late, replace=False):
        rows[row][rng.integers(SAMPLES)] = ""
    with open(path, "w") as f:
        f.write("# " + ",".join([f"i{k:02d}" for k in range(SAMPLES)] + ["class"]) + "\n")
        f.writelines(",".join(row) + "\n" for row in rows)


class WeldData:
    """Reads the shifts; currents are given to the model as (kA - 7) / 2."""

    def __init__(self, folder, seed, batch_size, welds=1600):
        self.folder, self.seed, self.batch_size, self.welds = folder, seed, batch_size, welds

    def prepare(self):
        os.makedirs(self.folder, exist_ok=True)
        rng = np.random.default_rng(self.seed)
        log_shift(f"{self.folder}/week_18.csv", self.welds, rng, late=2)
        log_shift(f"{self.folder}/week_19.csv", 400, rng)

    def read(self, name):
        table = np.genfromtxt(f"{self.folder}/{name}.csv", delimiter=",", dtype=np.float32)
        traces, labels = table[:, :-1], table[:, -1]
        return TensorDataset(torch.from_numpy((traces - 7.0) / 2.0), torch.from_numpy(labels.astype(np.int64)))

    def train_loader(self):
        order = torch.Generator().manual_seed(self.seed)
        return DataLoader(self.read("week_18"), self.batch_size, shuffle=True, generator=order)

    def val_loader(self):
        return DataLoader(self.read("week_19"), 200)
