"""Each level asks something wider than the one before, and a bare text is asked at every level."""

import pytest

from misrun.knowledge.index import KnowledgeIndex
from misrun.knowledge.levels import ANALOGY_DOMAIN, LEVELS, derive, queries, search_level
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
def test_an_unknown_text_is_asked_as_it_is_at_every_level(level: int) -> None:
    assert derive("flurble gnarps", LEVELS[level - 1], ONTOLOGY) == ("flurble gnarps",)


def test_a_bare_text_is_widened_with_what_it_names() -> None:
    text = "loss is nan with fp16"
    assert derive(text, 1, ONTOLOGY) == (text,)
    assert derive(text, 2, ONTOLOGY)[0].startswith(f"{text} unstable arithmetic: ")
    assert derive(text, 2, ONTOLOGY)[1].startswith(f"{text} mixed precision unstable arithmetic: ")
    assert derive(text, 3, ONTOLOGY)[0].startswith(f"{text} loss nan: one undefined")


def test_level_two_stays_with_the_failure_modes_it_is_given(packaged_index: KnowledgeIndex) -> None:
    modes = ("optimization/representation_collapse",)
    found = search_level(packaged_index, 2, "memory grows with every batch", 5, modes=modes)
    assert found
    assert all(modes[0] in packaged_index.corpus.by_id[hit.id].modes for hit in found)


def test_level_four_looks_in_other_fields_only(packaged_index: KnowledgeIndex) -> None:
    (query, *_) = derive("most codebook entries are never used", 4, ONTOLOGY)
    found = search_level(packaged_index, 4, query, 3)
    assert {packaged_index.corpus.by_id[hit.id].domain for hit in found} == {ANALOGY_DOMAIN}
    assert "forum-kmeans-empty-cluster" in {hit.id for hit in found}


def test_what_was_seen_before_is_not_brought_up_again(packaged_index: KnowledgeIndex) -> None:
    first = search_level(packaged_index, 1, "loss is nan with fp16 t5", 3)
    seen = {hit.id for hit in first}
    again = search_level(packaged_index, 1, "loss is nan with fp16 t5", 3, exclude=seen)
    assert len(again) == 3
    assert seen.isdisjoint(hit.id for hit in again)
