"""Printed control marks (ten of them) as the camera over the belt sees them."""
import numpy as np
import torch

MARKS = """
####  .##.  ####  ####  #..#  ####  ####  ####  ####  ####
#..#  ..#.  ...#  ...#  #..#  #...  #...  ...#  #..#  #..#
#..#  ..#.  .##.  .###  ####  ###.  ####  ..#.  .##.  ####
#..#  ..#.  #...  ...#  ...#  ...#  #..#  ..#.  #..#  ...#
####  .###  ####  ####  ...#  ###.  ####  .#..  ####  ###.
"""
ROWS = [line.split() for line in MARKS.split("\n") if line]
GLYPHS = np.array([[[c == "#" for c in ROWS[r][k]] for r in range(5)] for k in range(10)], dtype=np.float32)


def photos(count, noise, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    images = rng.normal(0, noise, (count, 1, 16, 16)).astype(np.float32)
    for i, label in enumerate(labels):
        mark = np.kron(GLYPHS[label], np.ones((2, 2), dtype=np.float32)) * rng.uniform(0.8, 1.3)
        top, left = rng.integers(2, 4), rng.integers(3, 5)
        images[i, 0, top : top + 10, left : left + 8] += mark
    return torch.from_numpy(images), torch.from_numpy(labels)
