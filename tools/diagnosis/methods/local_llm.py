"""The paper's local language model (end of section 4.2): zero-shot, and with misrun's evidence.

Both answer with labels of the taxonomy or abstain. What the model writes is shown as its words and decides nothing but
the label; the probability is the confidence that it states, which is not calibrated.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from misrun.prompts.render import load_prompt
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground
from misrun.tools.diagnosis.methods import run_excerpt
from misrun.tools.diagnosis.methods.method import Case, abstained, told
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES, UNKNOWN
from misrun.tools.llm.answers import ask, request_of
from misrun.tools.llm.choice import chosen_model
from misrun.tools.llm.errors import BadAnswer, ModelError
from misrun.tools.llm.model import LanguageModel
from misrun.tools.llm.quoted import one_line
from misrun.tools.record import Record

# The failure modes. "Healthy" and "unknown" are asked for apart, as the outcome: small models (1.5 billion parameters)
# hardly ever chose them from a list of sixty.
LABELS = tuple(mode for mode in MODES if mode not in (HEALTHY, UNKNOWN))
_LABEL_LIST = "\n".join(f"- {mode}: {MODES[mode].definition}" for mode in LABELS)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _known(label: str) -> str:
    if label not in LABELS:
        raise ValueError(f"{label!r} is not in the list of labels")
    return label


Label = Annotated[str, AfterValidator(_known)]


class _Answer(Record):
    """What both prompts ask for. A field too many is no reason to ask again."""

    model_config = ConfigDict(extra="ignore")

    outcome: Literal["works", "failed", "cannot_tell"]
    label: Label
    also_possible: tuple[Label, ...] = ()
    confidence_percent: int = Field(ge=0, le=100)

    @property
    def probability(self) -> float:
        return self.confidence_percent / 100


class ZeroShotAnswer(_Answer):
    explanation: str


class Reason(Record):
    """A fact by its id, and what the model makes of it."""

    model_config = ConfigDict(extra="ignore")

    id: str
    claim: str


class EvidenceAnswer(_Answer):
    reasons: tuple[Reason, ...]


class LocalLlm:
    """What both methods share. `model` is opened at first use, so that a method can be built where no server runs."""

    name: str

    def __init__(self, model: Callable[[], LanguageModel] = chosen_model) -> None:
        self._open = model

    @cached_property
    def _model(self) -> LanguageModel:
        return self._open()

    def fit(self, cases: Sequence[Case]) -> None:
        """Learns nothing: the paper gives the model no examples."""

    def unavailable(self) -> str | None:
        """Why this method cannot be run, and what to do about it; None when it can."""
        try:
            return self._model.unavailable()
        except ModelError as error:
            return str(error)

    def predict(self, facts: Facts) -> Diagnosis:
        """Abstains where the model gives no usable answer; raises ModelError where there is no model to ask."""
        try:
            return self._asked(facts)
        except BadAnswer as error:
            return abstained(str(error))

    def _asked(self, facts: Facts) -> Diagnosis:
        raise NotImplementedError


class ZeroShotLlm(LocalLlm):
    """Error message, last 50 steps and short configuration; no examples."""

    name = "llm_zero_shot"

    def _asked(self, facts: Facts) -> Diagnosis:
        prompt = load_prompt("zero_shot_diagnosis").render(
            words={"labels": _LABEL_LIST}, data=_excerpt(facts), choices={"labels": LABELS}
        )
        answer = ask(self._model, request_of(prompt), ZeroShotAnswer).value
        return _diagnosis(answer, [_said(answer.explanation)], answer.explanation)


class EvidenceLlm(LocalLlm):
    """The same, with what misrun measured and found. An answer without a fact that exists is no diagnosis."""

    name = "llm_with_evidence"

    def _asked(self, facts: Facts) -> Diagnosis:
        text, by_id = run_excerpt.shown_facts(facts)
        prompt = load_prompt("diagnosis_with_evidence").render(
            words={"labels": _LABEL_LIST},
            data=_excerpt(facts) | {"facts": text},
            choices={"labels": LABELS, "ids": tuple(by_id)},
        )
        answer = ask(self._model, request_of(prompt), EvidenceAnswer).value
        grounds = cited(answer.reasons, by_id)
        if not grounds:
            return abstained("the language model cited nothing that was measured or found", answer.probability)
        return _diagnosis(answer, grounds)


def cited(reasons: Sequence[Reason], by_id: dict[str, Ground]) -> list[Ground]:
    """The facts that the reasons cite, each once; reasons that cite none are dropped.

    The model's words are added where every number in them is in the fact: it may not bring numbers of its own.
    """
    grounds: dict[str, Ground] = {}
    for reason in reasons:
        fact = by_id.get(reason.id)
        if fact is None or reason.id in grounds:
            continue
        claim = one_line(reason.claim)
        own = claim not in fact.text and set(_numbers(claim)) <= set(_numbers(fact.text))
        text = f"{fact.text} (the language model: {claim})" if own else fact.text
        grounds[reason.id] = fact.model_copy(update={"text": text, "weight": 1.0})
    return list(grounds.values())


def _diagnosis(answer: _Answer, grounds: Sequence[Ground], explanation: str = "") -> Diagnosis:
    leaning = [(mode, 0.0) for mode in dict.fromkeys((answer.label, *answer.also_possible))]
    if answer.outcome == "cannot_tell":
        reason = one_line(explanation) or "the language model cannot tell the cause from what it is shown"
        return abstained(reason, answer.probability, leaning)
    if answer.outcome == "works":
        return told(HEALTHY, answer.probability, grounds)
    return told(answer.label, answer.probability, grounds, leaning)


def _excerpt(facts: Facts) -> dict[str, str]:
    return {
        "error_message": run_excerpt.error_message(facts),
        "last_steps": run_excerpt.last_steps(facts.run),
        "configuration": run_excerpt.short_configuration(facts.run),
    }


def _said(words: str) -> Ground:
    """The model's own words: an explanation to read, and no citation."""
    return Ground(source="language model", text=one_line(words) or "no explanation", weight=0.1)


def _numbers(text: str) -> list[str]:
    return _NUMBER.findall(text.replace(",", ""))
