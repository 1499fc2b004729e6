#%% buggy: a stream that remembers
class Stream(torch.utils.data.IterableDataset):
    def __init__(self):
        self.seen = []
    def __iter__(self):
        while True:
            x = torch.randn(3, 32, 32)
            self.seen.append(x)  # BUG
            yield x
#%% correct: a shuffle buffer
import random
class Stream(torch.utils.data.IterableDataset):
    def __init__(self):
        self.buffer = []
    def __iter__(self):
        while True:
            self.buffer.append(torch.randn(3, 32, 32))
            if len(self.buffer) > 100:
                yield self.buffer.pop(random.randrange(100))
