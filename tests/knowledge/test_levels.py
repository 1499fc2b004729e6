"""Each level asks something wider than the one before, and a bare text is asked at every level."""

from collections.abc import Sequence

import pytest

from misrun.knowledge.index import KnowledgeIndex
from misrun.knowledge.levels import ANALOGY_DOMAIN, LEVELS, Fit, queries, search_level, search_text, wider
from misrun.knowledge.ontology import load_ontology

ONTOLOGY = load_ontology()


def test_the_four_levels_go_from_the_symptom_to_other_fields() -> None:
    asked = queries(
        "codebook perplexity fell to 3 of 512",
        ONTOLOGY,
        errors=("RuntimeWarning: unused codes",),
        modes=("optimization/representation_collapse",),
        frameworks=("jax",),
        model_types=("vqvae",),
        techniques=("vector_quantization",),
    )
    assert asked[1] == ("codebook perplexity fell to 3 of 512 jax vqvae", "RuntimeWarning: unused codes jax vqvae")
    assert asked[2][0].startswith("representation collapse: Outputs collapse")
    assert asked[2][1].startswith("vector quantization representation collapse: Outputs collapse")
    assert not any("jax" in query for level in (2, 3, 4) for query in asked[level])
    assert asked[3][0].startswith("codebook collapse: most prototypes of a quantiser")
    assert any("clustering" in query for query in asked[4])


def test_without_a_mode_the_named_phenomena_lead() -> None:
    asked = queries("reward hacking: agent exploits the reward", ONTOLOGY)
    assert asked[2] == ("reward hacking",)
    assert "goodhart" in asked[4][0]


def test_nothing_known_means_only_the_symptom_is_asked() -> None:
    asked = queries("flurble gnarps", ONTOLOGY)
    assert asked == {1: ("flurble gnarps",), 2: (), 3: (), 4: ()}
    assert queries("", ONTOLOGY) == {1: (), 2: (), 3: (), 4: ()}


def test_queries_are_bounded_however_much_is_pasted() -> None:
    asked = queries("loss is nan " * 10_000, ONTOLOGY, modes=tuple(m for t in ONTOLOGY.terms.values() for m in t.modes))
    assert all(len(texts) <= 4 for texts in asked.values())
    assert all(len(text) <= 1200 for texts in asked.values() for text in texts)


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_added_to_an_unknown_text(level: int) -> None:
    assert wider("flurble gnarps", LEVELS[level - 1], ONTOLOGY) == ()


def test_a_bare_text_is_widened_with_what_it_names() -> None:
    text = "loss is nan with fp16"
    assert wider(text, 1, ONTOLOGY) == ()
    assert wider(text, 2, ONTOLOGY)[0].startswith(f"{text} unstable arithmetic: ")
    assert wider(text, 2, ONTOLOGY)[1].startswith(f"{text} mixed precision unstable arithmetic: ")
    assert wider(text, 3, ONTOLOGY)[0].startswith(f"{text} loss nan: one undefined")


def near(*wanted: str, cosine: float = 0.9) -> Fit:
    def fit(text: str, others: Sequence[str]) -> list[float]:
        return [cosine if other.startswith(wanted) else 0.0 for other in others]

    return fit


def test_level_four_asks_for_the_counterparts_that_fit_best() -> None:
    text = "training diverges, loss explodes, loss nan"
    first, *_ = queries(text, ONTOLOGY, fit=near("hysteresis"))[4]
    assert first.startswith("hysteresis physics: ")
    assert not queries(text, ONTOLOGY)[4][0].startswith("hysteresis")


def test_an_analogy_is_followed_from_the_end_that_the_text_resembles() -> None:
    asked = queries("most of the prototypes idle", ONTOLOGY, fit=near("codebook collapse"))[4]
    assert any(query.startswith("empty cluster clustering: ") for query in asked)


def test_a_text_that_resembles_no_phenomenon_has_no_counterpart() -> None:
    assert queries("the sales report is late", ONTOLOGY, fit=near("codebook", cosine=0.2))[4] == ()


def test_level_two_stays_with_the_failure_modes_it_is_given(packaged_index: KnowledgeIndex) -> None:
    modes = ("optimization/representation_collapse",)
    found = search_level(packaged_index, 2, "memory grows with every batch", 5, modes=modes)
    assert found
    assert all(modes[0] in packaged_index.corpus.by_id[hit.id].modes for hit in found)


def test_level_four_looks_in_other_fields_only(packaged_index: KnowledgeIndex) -> None:
    found = search_text(packaged_index, "most codebook entries are never used", (4,), ONTOLOGY, 3)
    assert {level for level, _ in found} == {4}
    assert {packaged_index.corpus.by_id[hit.id].domain for _, hit in found} == {ANALOGY_DOMAIN}
    assert "forum-kmeans-empty-cluster" in {hit.id for _, hit in found}


def test_what_was_seen_before_is_not_brought_up_again(packaged_index: KnowledgeIndex) -> None:
    first = search_level(packaged_index, 1, "loss is nan with fp16 t5", 3)
    seen = {hit.id for hit in first}
    again = search_level(packaged_index, 1, "loss is nan with fp16 t5", 3, exclude=seen)
    assert len(again) == 3
    assert seen.isdisjoint(hit.id for hit in again)
