import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

from .vocab import PAD


class Notes(Dataset):
    def __init__(self, notes, vocab):
        self.ids = [torch.tensor(vocab.encode(note)) for note in notes]

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        return self.ids[i]


def collate(batch):
    ids = pad_sequence(batch, batch_first=True, padding_value=PAD)
    return ids[:, :-1], ids[:, 1:]


def make_loader(notes, vocab, batch_size, shuffle, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(Notes(notes, vocab), batch_size, shuffle=shuffle, collate_fn=collate, generator=generator)
