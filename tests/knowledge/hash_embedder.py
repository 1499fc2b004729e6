"""An embedder without a model: words are hashed into a vector. Run as a script it opens an index and prints a search."""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class HashEmbedder:
    """Texts that share words are near each other. `embedded` counts the texts it was given."""

    name = "hashed-words"
    dimensions = 64

    def __init__(self) -> None:
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += len(texts)
        rows = np.full((len(texts), self.dimensions), 1e-3, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[hashlib.sha256(word.encode()).digest()[0] % self.dimensions] += 1
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


if __name__ == "__main__":
    from misrun.knowledge.corpus import load_corpus
    from misrun.knowledge.index import open_index

    index = open_index(load_corpus(Path(sys.argv[1])), Path(sys.argv[2]), HashEmbedder())
    found = [hit.id for hit in index.search("memory grows with every batch", 3)]
    sys.stdout.write(f"{index.place} {index.notes} {found}\n")
