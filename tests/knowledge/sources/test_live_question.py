"""The rule on what may leave the machine."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misrun.knowledge.corpus import Corpus, load_corpus
from misrun.knowledge.sources.question import public_words, question_of_run, question_typed

PRIVATE = [
    "/home/zuzanna/lab-secret/train.py",
    r"C:\Users\zuzanna\run.log",
    "zuzanna@hospital.example",
    "hf_abcdefghijklmnopqrstuvwxyzabcdefgh",
    "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    "AKIAIOSFODNNEXAMPLE",
    "WANDB_API_KEY=0123456789abcdef0123456789abcdef01234567",
    "password: hunter",
    "Authorization: Bearer abcdefghijkl",
    "node17.cluster.example",
    "10.0.4.17",
    "s3://bucket-of-zuzanna/data",
    "8f14e45fceea167a5a36dedd4bea2543",
    "'patient surname'",
    '"Kolumna Pesel"',
    "`zuzanna thesis`",
    "0.2504",
    "2026-11-20",
]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus()


@pytest.mark.parametrize("private", PRIVATE)
def test_nothing_private_is_sent_of_a_run_or_of_a_pasted_query(corpus: Corpus, private: str) -> None:
    text = f"CUDA out of memory {private} while training"
    asked = question_of_run([text], text, ["gradient explosion"], ["pytorch"], corpus)
    typed = question_typed(text)
    sent = f"{asked.threads} {asked.papers} {typed.threads} {typed.papers}".lower()
    for part in (
        "zuzanna",
        "secret",
        "hunter",
        "surname",
        "kolumna",
        "pesel",
        "bucket",
        "cluster",
        "hf_",
        "ghp",
        "akia",
    ):
        assert part not in sent
    assert not any(character.isdigit() for character in sent)
    assert "cuda" in asked.threads.lower()
    assert "memory" in typed.threads


def test_of_a_run_only_public_words_are_sent(corpus: Corpus) -> None:
    error = "RuntimeError: Expected all tensors on the same device but ZebraProjectNet got customer_ledger on cuda"
    asked = question_of_run([error], "", [], [], corpus)
    assert "ZebraProjectNet" not in asked.threads
    assert "customer_ledger" not in asked.threads
    assert "RuntimeError" in asked.threads
    assert "device" in asked.threads


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_every_word_sent_of_a_run_is_public(corpus: Corpus, text: str) -> None:
    asked = question_of_run([text], text, [], [], corpus)
    assert {word.lower() for word in asked.threads.split()} <= public_words(corpus)
    assert asked.papers == ""


def test_a_typed_query_keeps_unknown_identifiers(corpus: Corpus) -> None:
    assert question_typed("srcSelectDimSize assertion failed").threads == "srcSelectDimSize assertion failed"
    assert "srcSelectDimSize" not in public_words(corpus)


def test_a_question_is_short_and_says_each_word_once() -> None:
    typed = question_typed("loss Loss LOSS nan " + " ".join(f"word{chr(97 + n)}" for n in range(20)))
    assert typed.threads.split()[:2] == ["loss", "nan"]
    assert len(typed.threads.split()) == 7


def test_nothing_to_send_is_an_empty_question() -> None:
    assert question_typed("/etc/passwd 1234 a=b").threads == ""
