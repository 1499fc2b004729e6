"""Terms are recognised as users write them, and the analogies hold together."""

from collections import defaultdict
from pathlib import Path

import pytest

from misrun.knowledge.corpus import load_corpus
from misrun.knowledge.ontology import ONTOLOGY_FILE, Ontology, load_ontology


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return load_ontology()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("VQ-VAE codebook collapse JAX", ["vqvae", "codebook_collapse", "jax"]),
        ("The loss of my model is NaN", []),
        ("the loss is NaN, with fp16 on", ["loss_nan", "mixed_precision"]),
        ("Loss becomes nan after I turned on GradScaler", ["loss_nan", "loss_scaling"]),
        ("from transformers import Trainer", ["transformers"]),
        ("a small Transformer trained in PyTorch", ["transformer", "pytorch"]),
        ("nn.BatchNorm2d and DistributedDataParallel", ["batch_normalization", "data_parallel"]),
        ("PPO", ["rl_policy", "ppo"]),
        ("reward goes up but quality goes down", ["reward_hacking"]),
        ("gradients explode", ["exploding_gradient"]),
    ],
)
def test_terms_are_found_in_the_wording_of_users(ontology: Ontology, text: str, expected: list[str]) -> None:
    assert [term.id for term in ontology.terms_in(text)] == expected


def test_the_longest_wording_wins(ontology: Ontology) -> None:
    assert [term.id for term in ontology.terms_in("gradient checkpointing")] == ["activation_checkpointing"]
    assert [term.id for term in ontology.terms_in("pytorch lightning")] == ["lightning"]


def test_terms_can_be_asked_for_by_kind(ontology: Ontology) -> None:
    text = "CUDA out of memory in a ViT with gradient checkpointing in timm"
    assert [term.id for term in ontology.terms_in(text, "frameworks")] == ["timm"]
    assert [term.id for term in ontology.terms_in(text, "model_types")] == ["vit"]


def test_long_logs_are_scanned_once_and_cut(ontology: Ontology) -> None:
    assert ontology.terms_in("a" * 1_000_000) == ()
    assert ontology.terms_in("codebook collapse " * 50_000)[0].id == "codebook_collapse"
    assert ontology.terms_in(" " * 200_000 + "codebook collapse") == ()


def test_lineage_ends_at_what_everything_is_built_on(ontology: Ontology) -> None:
    assert ontology.lineage("trl") == ("trl", "transformers", "pytorch")
    assert ontology.lineage("something new") == ("something new",)


def test_the_analogies_of_the_design_are_there_and_say_where_they_break(ontology: Ontology) -> None:
    groups = [set(analogy.between) for analogy in ontology.analogies]
    for expected in (
        {"codebook_collapse", "dead_neurons", "empty_cluster"},
        {"reward_hacking", "goodhart"},
        {"divergence", "numerical_divergence", "control_loop_instability"},
    ):
        assert expected in groups
    assert len(groups) >= 12
    assert all(len(group) >= 2 for group in groups)
    assert all(analogy.carries and analogy.breaks for analogy in ontology.analogies)
    abroad = [g for g in groups if any(ontology.terms[end].field for end in g)]
    assert len(abroad) >= 12


def test_every_phenomenon_says_what_it_is_beyond_its_own_field(ontology: Ontology) -> None:
    missing = [t.id for t in ontology.terms.values() if t.kind == "phenomena" and not t.pattern]
    assert missing == []


def test_every_term_of_the_corpus_is_in_the_ontology(ontology: Ontology) -> None:
    used = {
        (kind, name)
        for entry in load_corpus().entries
        for kind in ("frameworks", "model_types", "techniques", "phenomena")
        for name in getattr(entry, kind)
    }
    known = {(term.kind, term.id) for term in ontology.terms.values()}
    assert used - known == set()


def test_no_wording_stands_for_two_terms_of_one_kind(ontology: Ontology) -> None:
    terms = defaultdict(set)
    for term in ontology.terms.values():
        for text in (term.label, *term.synonyms):
            terms[term.kind, text.lower()].add(term.id)
    assert {text: ids for text, ids in terms.items() if len(ids) > 1} == {}


def test_everyday_words_get_the_words_of_the_field(ontology: Ontology) -> None:
    assert ontology.said_otherwise("my VRAM fills up, then oom") == "gpu memory memory grows increases out of memory"
    assert ontology.said_otherwise("flurble gnarps") == ""


def test_a_term_brings_its_synonyms_and_an_unknown_name_none(ontology: Ontology) -> None:
    assert "gradient checkpointing" in ontology.synonyms_of(["activation_checkpointing", "something new"])
    assert ontology.synonyms_of(["something new"]) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("modes: [optimization/dead_units]", "modes: [optimization/dead_unit]", "unknown mode"),
        ("  lightning: {", "  cnn: {", "occurs twice"),
        ("between: [reward_hacking, goodhart]", "between: [reward_hacking, goodheart]", "goodheart"),
        ("within: pytorch", "within: pytorsch", "pytorsch"),
    ],
)
def test_a_slip_in_the_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = ONTOLOGY_FILE.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "ontology.yaml"
    broken.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        load_ontology(broken)
