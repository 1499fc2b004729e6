"""The vectors shipped beside the corpus, so that the first search embeds only the query.

`vectors.npz` holds, for every passage of an entry and every phenomenon in an analogy, a key (digest of the embedder's
name and the text) and its vector. A text whose key is missing, because it is new or changed, is embedded when it is
needed.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from misrun.knowledge.corpus import CORPUS_FOLDER
from misrun.knowledge.embedder import Embedder

if TYPE_CHECKING:
    from misrun.knowledge.embedder import Vectors

VECTOR_FILE = CORPUS_FOLDER / "vectors.npz"


def key(text: str, embedder_name: str) -> str:
    """The name of a text's vector: 16 hex digits, so that 10,000 passages collide with probability 3e-12."""
    return hashlib.sha256(f"{embedder_name}\n{text}".encode()).hexdigest()[:16]


def vectors_of(texts: Sequence[str], embedder: Embedder, file: Path = VECTOR_FILE) -> "Vectors":
    """Unit vectors of shape (len(texts), dimensions): from the file where it has them, else embedded now."""
    import numpy as np

    known = read_vectors(file)
    keys = [key(text, embedder.name) for text in texts]
    missing = [i for i, name in enumerate(keys) if name not in known]
    vectors = np.zeros((len(texts), embedder.dimensions), dtype=np.float32)
    for i in set(range(len(texts))).difference(missing):
        vectors[i] = known[keys[i]]
    if missing:
        vectors[missing] = embedder.embed([texts[i] for i in missing])
    return vectors


def read_vectors(file: Path = VECTOR_FILE) -> dict[str, "Vectors"]:
    """Vector by key; empty when the file is missing or damaged, since every vector can be computed again."""
    import numpy as np

    try:
        with np.load(file, allow_pickle=False) as stored:
            rows = stored["vectors"].astype(np.float32)
            # Half precision was enough to store them; the length is made exact again.
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            return dict(zip(stored["keys"].tolist(), rows, strict=True))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return {}


def write_vectors(texts: Sequence[str], embedder: Embedder, file: Path = VECTOR_FILE) -> int:
    """Embed what changed, write the file anew, and return how many vectors it holds."""
    import numpy as np

    wanted = list(dict.fromkeys(texts))
    rows = vectors_of(wanted, embedder, file)
    keys = np.array([key(text, embedder.name) for text in wanted])
    # Half precision moves a cosine by less than 1e-3 and halves the file.
    np.savez_compressed(file, keys=keys, vectors=rows.astype(np.float16))
    return len(wanted)
