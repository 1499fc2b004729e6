"""One piece of knowledge: a paper, an issue, a thread, a page, in our own words, with where it was looked up."""

from typing import Literal

from misrun.tools.record import Record

Kind = Literal["paper", "issue", "forum", "documentation", "post_mortem"]
Strength = Literal["reproduced", "confirmed", "maintainer", "claimed"]


class KnowledgeEntry(Record):
    """One line of `corpus/<domain>.jsonl`.

    `id` is "<kind>-<slug>" and never changes. `modes` are taxonomy ids. `symptoms` are phrased as a user sees them.
    `frameworks`, `model_types`, `techniques`, `phenomena` are terms of ontology.yaml; empty means "any". `not_when`
    says where the advice does not apply. `asked` is how somebody who has the failure and does not know its cause would
    ask for it. `strength`: reproduced by several, confirmed by the reporter, the
    maintainer's word, or only claimed. `settings` holds conditions the source states, as {"precision": "fp16"}.
    """

    id: str
    kind: Kind
    title: str
    url: str
    year: int
    domain: str
    frameworks: tuple[str, ...] = ()
    model_types: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    phenomena: tuple[str, ...] = ()
    modes: tuple[str, ...]
    symptoms: tuple[str, ...]
    asked: tuple[str, ...] = ()
    problem: str
    cause: str
    fix: str
    verify: str
    not_when: str = ""
    strength: Strength
    settings: dict[str, str] = {}
