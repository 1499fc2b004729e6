#%% buggy: page
from itertools import islice

def read_page(path, number, size):  # BUG
    with open(path) as lines:
        return list(islice(lines, size))

def read(path, limit):
    rows, number = [], 0
    while len(rows) < limit:
        rows += read_page(path, number, 50)
        number += 1
    return rows
#%% buggy: shard
import numpy as np

class Shards:
    def load_shard(self, shard):  # BUG
        return np.load(self.folder + "/part0.npy")
    def rows(self):
        for shard in range(8):
            yield from self.load_shard(shard)
#%% correct: used
from itertools import islice

def read_page(path, number, size):
    with open(path) as lines:
        return list(islice(lines, number * size, (number + 1) * size))

def read(path, limit):
    return [row for number in range(limit // 50) for row in read_page(path, number, 50)]
#%% correct: an interface asks for it
def load_image(path, index):
    return open(path).read(), 0

first = load_image("a", 0)
