"""A small real corpus, and an index of the packaged one that all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from misrun.knowledge.corpus import Corpus, load_corpus
from misrun.knowledge.index import KnowledgeIndex, open_index

SMALL = Path(__file__).parents[1] / "data" / "knowledge" / "small"


@pytest.fixture(scope="session")
def small_corpus() -> Corpus:
    return load_corpus(SMALL)


@pytest.fixture(scope="session")
def packaged_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeIndex]:
    index = open_index(home=tmp_path_factory.mktemp("packaged-index"))
    yield index
    index.close()
