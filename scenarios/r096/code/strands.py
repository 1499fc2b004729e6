"""Template strands (3' to 5', A C G T) and their transcripts, the complementary RNA (A->U, T->A, G->C, C->G)."""
import numpy as np
import torch

PAD, BOS, EOS = 0, 1, 2
SRC = {c: i + 3 for i, c in enumerate("ACGT")}
TGT = {c: i + 3 for i, c in enumerate("UGCA")}
N_SRC, N_TGT = 3 + len(SRC), 3 + len(TGT)
COMPLEMENT = dict(zip("ACGT", "UGCA"))


def strand(rng, shortest, longest):
    dna = "".join(rng.choice(list("ACGT"), rng.integers(shortest, longest + 1)))
    return dna, "".join(COMPLEMENT[c] for c in dna)


def tensors(n, seed, shortest=6, longest=12):
    rng = np.random.default_rng(seed)
    src = torch.zeros(n, longest, dtype=torch.long)
    tgt = torch.zeros(n, longest + 2, dtype=torch.long)
    for i in range(n):
        dna, rna = strand(rng, shortest, longest)
        src[i, : len(dna)] = torch.tensor([SRC[c] for c in dna])
        tgt[i, : len(rna) + 2] = torch.tensor([BOS] + [TGT[c] for c in rna] + [EOS])
    return src, tgt
