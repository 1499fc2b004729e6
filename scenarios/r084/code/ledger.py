"""Endless synthetic ledgers of a trading house."""
import torch

PAD, CLS, SEP, MASK = range(4)
N_SPECIAL = 4


class Ledger:
    """Each clerk keeps the columns of an entry in the same order but has words of his own for them."""

    def __init__(self, clerks, columns):
        self.clerks, self.columns = clerks, columns
        self.vocab = N_SPECIAL + clerks * columns

    def windows(self, n, length, generator):
        """[CLS] words [SEP], a window of one clerk's pages that begins with an entry."""
        clerk = torch.randint(self.clerks, (n, 1), generator=generator)
        words = N_SPECIAL + clerk * self.columns + torch.arange(length - 2) % self.columns
        slips = torch.rand(words.shape, generator=generator) < 0.1
        other = torch.randint(N_SPECIAL, self.vocab, words.shape, generator=generator)
        edge = torch.ones(n, 1, dtype=torch.long)
        return torch.cat([CLS * edge, torch.where(slips, other, words), SEP * edge], 1)


def mask_words(ids, prob, generator):
    """Inputs with some words hidden and labels that are -100 elsewhere."""
    chosen = (torch.rand(ids.shape, generator=generator) < prob) & (ids >= N_SPECIAL)
    return ids.masked_fill(chosen, MASK), ids.masked_fill(~chosen, -100)
