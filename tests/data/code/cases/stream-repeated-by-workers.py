#%% buggy: file
from torch.utils.data import IterableDataset
class Lines(IterableDataset):
    def __init__(self, path):
        self.path = path
    def __iter__(self):
        with open(self.path) as f:
            for line in f:  # BUG
                yield line
dl = DataLoader(Lines("a.txt"), batch_size=4, num_workers=8)
#%% buggy: list of files
import torch.utils.data as tud
class Files(tud.IterableDataset):
    def __init__(self, files):
        super().__init__()
        self.files = files
    def __iter__(self):
        for f in self.files:  # BUG
            yield from torch.load(f)
def build(files):
    return DataLoader(Files(files), num_workers=4, batch_size=None)
build([])
#%% buggy: constant
from torch.utils.data import IterableDataset
WORKERS = 2
class Numbers(IterableDataset):
    def __iter__(self):  # BUG
        return iter(range(100))
dl = DataLoader(Numbers(), batch_size=10, num_workers=WORKERS)
#%% correct: shared out
from torch.utils.data import IterableDataset, get_worker_info
class Lines(IterableDataset):
    def __iter__(self):
        info = get_worker_info()
        start, step = (info.id, info.num_workers) if info else (0, 1)
        return iter(range(start, 100, step))
dl = DataLoader(Lines(), batch_size=4, num_workers=8)
#%% correct: no workers
from torch.utils.data import IterableDataset
class Numbers(IterableDataset):
    def __iter__(self):
        return iter(range(100))
dl = DataLoader(Numbers(), batch_size=10, num_workers=0)
#%% correct: endless
from torch.utils.data import IterableDataset
class Sim(IterableDataset):
    def __iter__(self):
        while True:
            yield torch.randn(4)
dl = DataLoader(Sim(), batch_size=10, num_workers=4)
#%% buggy: jsonl stream
#% file: stream.py
import json
import torch
from torch.utils.data import IterableDataset, DataLoader

class JsonlDataset(IterableDataset):
    def __init__(self, files, tokenizer):
        self.files, self.tokenizer = files, tokenizer

    def __iter__(self):
        files = self.files
        for path in files:  # BUG
            with open(path) as f:
                for line in f:
                    yield self.tokenizer(json.loads(line)['text'])

def get_loader(files, tokenizer, batch_size):
    return DataLoader(JsonlDataset(files, tokenizer), batch_size=batch_size, num_workers=8)
#%% correct: jsonl stream
#% file: stream.py
import json
import torch
from torch.utils.data import IterableDataset, DataLoader

class JsonlDataset(IterableDataset):
    def __init__(self, files, tokenizer):
        self.files, self.tokenizer = files, tokenizer

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        files = self.files if info is None else self.files[info.id::info.num_workers]
        for path in files:
            with open(path) as f:
                for line in f:
                    yield self.tokenizer(json.loads(line)['text'])

def get_loader(files, tokenizer, batch_size):
    return DataLoader(JsonlDataset(files, tokenizer), batch_size=batch_size, num_workers=8)
