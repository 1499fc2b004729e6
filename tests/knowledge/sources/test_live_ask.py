"""All sources together: one list, a word on each source, and no failure that spoils the rest."""

import threading
from dataclasses import dataclass

from misrun.knowledge.sources.ask import ask_all, note
from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable

QUESTION = Question(threads="loss nan fp16", papers="loss nan fp16")


@dataclass(frozen=True)
class Says:
    answer: Found | Unavailable
    name: str

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        return self.answer


@dataclass(frozen=True)
class Fails:
    name: str = "Broken"

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        raise RuntimeError("nobody foresaw this")


@dataclass(frozen=True)
class Hangs:
    over: threading.Event
    name: str = "Slow"

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        self.over.wait(10)
        return Unavailable(source=self.name, reason="late")


def paper(url: str, title: str = "Loss is nan in fp16", text: str = "", source: str = "A") -> LiveResult:
    return LiveResult(source=source, kind="paper", url=url, title=title, text=text)


def says(*results: LiveResult, name: str = "A", age: float = 0.0) -> Says:
    return Says(Found(source=name, query="loss nan fp16", results=results, age=age), name)


def test_unavailable_is_never_told_as_nothing_found() -> None:
    away = Says(Unavailable(source="B", reason="HTTP 403"), "B")
    outcome = ask_all(QUESTION, [says(), away, Fails()])
    assert outcome.results == ()
    nothing, refused, broken = outcome.notes
    assert "nothing found" in nothing
    for told in (refused, broken):
        assert "unavailable" in told
        assert "nothing" not in told


def test_one_that_fails_or_hangs_does_not_hold_the_others_up() -> None:
    over = threading.Event()
    outcome = ask_all(QUESTION, [Fails(), Hangs(over), says(paper("https://arxiv.org/abs/1"))], seconds=0.2)
    over.set()
    assert [item.result.url for item in outcome.results] == ["https://arxiv.org/abs/1"]
    assert "Slow: unavailable, no answer within 0.2 s" in outcome.notes


def test_a_paper_that_two_sources_know_is_told_once() -> None:
    first = says(paper("https://arxiv.org/abs/1"))
    second = says(paper("https://doi.org/10.1/x", "Loss is NaN in fp16."), name="B")
    assert len(ask_all(QUESTION, [first, second]).results) == 1


def test_results_about_something_else_are_left_out_and_the_nearest_is_first() -> None:
    found = ask_all(
        QUESTION,
        [
            says(
                paper("https://arxiv.org/abs/1", "Fish of the Baltic"),
                paper("https://arxiv.org/abs/2", "A loss"),
                paper("https://arxiv.org/abs/3", "Loss nan"),
                paper("https://arxiv.org/abs/4", "Loss nan fp16"),
            )
        ],
    )
    assert [item.result.url[-1] for item in found.results] == ["4", "3", "2"]


def test_addresses_that_are_not_the_sites_own_are_not_shown() -> None:
    urls = [
        "https://evil.example/abs/1",
        "http://arxiv.org/abs/1",
        "https://arxiv.org@evil.example/",
        "https://arxiv.org.evil.example/",
        "javascript:alert(1)",
        "https://arxiv.org/abs/1](https://evil.example",
        "https://[bad",
    ]
    results = [paper(url, f"Loss nan fp16 {number}") for number, url in enumerate(urls)]
    assert ask_all(QUESTION, [says(*results)]).results == ()


def test_text_from_outside_is_cut_and_cannot_act_on_the_display() -> None:
    wild = paper("https://arxiv.org/abs/1", "Loss \x1b[31mnan\u202e fp16\u200b", "word " * 5_000)
    (item,) = ask_all(QUESTION, [says(wild)]).results
    assert item.result.title == "Loss nan fp16"
    assert len(item.result.text) <= 700


def test_the_age_of_a_kept_answer_is_told() -> None:
    assert note(Found(source="A", query="q", age=7_300.0)) == "A: asked, nothing found for “q”, kept from 2 h ago"


def test_without_words_nobody_is_asked() -> None:
    outcome = ask_all(Question(threads="", papers=""), [Fails()])
    assert outcome.notes == ("live sources were not asked: no word of this may be sent, or none says anything",)
