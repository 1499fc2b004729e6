"""The shipped corpus is sound and covers the taxonomy, and the checker finds what it is there to find."""

from collections import Counter, defaultdict
from urllib.parse import urlparse

import pytest

from misrun.knowledge.check_corpus import DOMAINS, SPOKEN_MODES, check
from misrun.knowledge.corpus import CORPUS_FOLDER, load_corpus
from misrun.knowledge.entry import KnowledgeEntry

FRAMEWORKS = frozenset(
    [
        "pytorch",
        "transformers",
        "trl",
        "lightning",
        "accelerate",
        "deepspeed",
        "jax",
        "keras",
        "tensorflow",
        "ultralytics",
        "timm",
        "megatron",
        "fairseq",
        "nccl",
        "bitsandbytes",
        "peft",
        "xgboost",
        "sb3",
        "diffusers",
        "vllm",
    ]
)
MODEL_TYPES = frozenset(
    [
        "transformer",
        "llm",
        "encoder",
        "encoder_decoder",
        "vit",
        "cnn",
        "rnn",
        "gan",
        "vae",
        "vqvae",
        "diffusion",
        "gnn",
        "ssm",
        "rl_policy",
        "detector",
        "moe",
        "mlp",
    ]
)


@pytest.fixture(scope="module")
def entries() -> tuple[KnowledgeEntry, ...]:
    return load_corpus().entries


@pytest.fixture
def entry(entries: tuple[KnowledgeEntry, ...]) -> KnowledgeEntry:
    return next(entry for entry in entries if entry.kind == "issue")


def test_every_line_of_the_corpus_is_a_usable_entry() -> None:
    assert load_corpus().notes == ()


def test_the_shipped_corpus_has_no_problems(entries: tuple[KnowledgeEntry, ...]) -> None:
    assert check(entries) == []


def test_every_domain_has_its_own_file_and_each_entry_lies_in_it() -> None:
    assert {file.stem for file in CORPUS_FOLDER.glob("*.jsonl")} == DOMAINS
    for file in CORPUS_FOLDER.glob("*.jsonl"):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert {KnowledgeEntry.model_validate_json(line).domain for line in lines} == {file.stem}


def test_the_corpus_is_as_large_and_as_mixed_as_promised(entries: tuple[KnowledgeEntry, ...]) -> None:
    kinds = Counter(entry.kind for entry in entries)
    confirmed = [e for e in entries if e.kind in ("issue", "forum") and e.strength in ("confirmed", "reproduced")]
    assert len(entries) >= 150
    assert kinds["paper"] >= 40
    assert len(confirmed) >= 60


def test_every_failure_mode_has_two_entries_from_different_sources(entries: tuple[KnowledgeEntry, ...]) -> None:
    sources = defaultdict(set)
    for entry in entries:
        for mode in entry.modes:
            sources[mode].add(_source(entry.url))
    assert {mode: len(sources[mode]) for mode in SPOKEN_MODES if len(sources[mode]) < 2} == {}


def _source(url: str) -> str:
    """Two threads of one repository are one source; two papers are two."""
    place = urlparse(url)
    return "/".join(place.path.split("/")[1:3]) if place.netloc == "github.com" else place.netloc + place.path


def test_frameworks_and_model_types_use_the_agreed_terms(entries: tuple[KnowledgeEntry, ...]) -> None:
    assert {term for entry in entries for term in entry.frameworks} <= FRAMEWORKS
    assert {term for entry in entries for term in entry.model_types} <= MODEL_TYPES


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": "paper-not-an-issue"}, "the id is not issue-<slug>"),
        ({"id": "issue-With Space"}, "the id is not issue-<slug>"),
        ({"domain": "cooking"}, "unknown domain cooking"),
        ({"year": 19}, "year 19 cannot be"),
        ({"modes": ("optimization/bad_luck",)}, "unknown mode optimization/bad_luck"),
        ({"modes": ("unknown/undetermined",)}, "unknown mode unknown/undetermined"),
        ({"modes": ()}, "no mode"),
        ({"fix": " "}, "fix is empty"),
        ({"symptoms": ("loss is nan", "")}, "no symptom"),
        ({"settings": {"precision": ""}}, "an empty setting"),
        ({"techniques": ("Mixed Precision",)}, "is not a snake_case term"),
        ({"url": "https://github.com/pytorch/pytorch"}, "is not the address"),
        ({"url": "https://example.org/issues/1"}, "is not the address"),
        ({"id": "paper-x", "kind": "paper", "url": "https://arxiv.org/pdf/1211.5063v2"}, "is not the address"),
        ({"id": "forum-x", "kind": "forum", "url": "somewhere"}, "is not the address"),
    ],
)
def test_the_checker_names_what_is_wrong(entry: KnowledgeEntry, change: dict[str, object], complaint: str) -> None:
    problems = check([entry.model_copy(update=change)])
    assert any(complaint in problem for problem in problems), problems


def test_the_checker_finds_repeated_ids_and_addresses(entry: KnowledgeEntry) -> None:
    problems = " ".join(check([entry, entry]))
    assert f"id {entry.id} occurs 2 times" in problems
    assert f"address {entry.url.lower().replace('/pull/', '/issues/')} occurs 2 times" in problems


def test_one_thread_cannot_come_in_as_issue_and_as_pull_request(entry: KnowledgeEntry) -> None:
    changed = {"url": "https://github.com/Some/Repo/pull/7"}, {"url": "https://github.com/some/repo/issues/7"}
    problems = check([entry.model_copy(update=change) for change in changed])
    assert "address https://github.com/some/repo/issues/7 occurs 2 times" in problems


def test_a_lightly_reworded_copy_is_a_near_duplicate(entry: KnowledgeEntry) -> None:
    reworded = {"id": "issue-copy", "url": "https://github.com/a/b/issues/1", "fix": entry.fix + " Then run it again."}
    problems = check([entry, entry.model_copy(update=reworded)])
    assert any("say nearly the same" in problem for problem in problems)


def test_two_addresses_of_one_paper_are_noticed(entries: tuple[KnowledgeEntry, ...]) -> None:
    paper = next(entry for entry in entries if entry.kind == "paper")
    twin = paper.model_copy(update={"id": "paper-twin", "url": "https://openreview.net/forum?id=1"})
    assert any(problem.startswith("paper title") for problem in check([paper, twin]))
