"""How far a knowledge entry applies to this run, and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from misrun.knowledge.entry import KnowledgeEntry
from misrun.knowledge.evidence import Applicability
from misrun.knowledge.ontology import Ontology
from misrun.tools.readers.run_record import RunRecord, Scalar

# Scores below which an entry is not about this failure. On the development half of the labelled queries, 95 % of the
# relevant entries among the first ten reach 0.3, and 2 % of those about another failure mode reach 0.5 (with 45 % of
# the relevant): last lines of `misrun eval retrieval`.
RELATED = 0.3
CLOSE = 0.5

# Failures whose mechanism is arithmetic or data: log(0) and a label outside the classes fail alike in every framework.
_ARITHMETIC_OR_DATA = frozenset({"optimization", "data_pipeline"})
_BOUND = re.compile(r"\s*(>=|<=|>|<|==|=)?\s*(.+?)\s*")
_PRECISION_NAMES = ("precision", "mixed_precision", "torch_dtype", "dtype", "amp_dtype", "compute_dtype")
_FORMATS = (("bf16", "bf16"), ("bfloat16", "bf16"), ("fp16", "fp16"), ("float16", "fp16"), ("half", "fp16"))
_OFF = frozenset({"false", "no", "none", "null", "0", "off", ""})


@dataclass(frozen=True)
class Situation:
    """What is known of this run: leading modes (taxonomy ids, likeliest first), ontology names, and the record."""

    modes: tuple[str, ...]
    frameworks: tuple[str, ...] = ()
    model_types: tuple[str, ...] = ()
    run: RunRecord | None = None


@dataclass
class _Comparison:
    shared: list[str] = field(default_factory=list)
    beside_the_point: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    refuted: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Judgement:
    """The applicability and its reason, as one sentence of clauses."""

    applicability: Applicability
    why: str


def judge(entry: KnowledgeEntry, score: float, situation: Situation, ontology: Ontology) -> Judgement | None:
    """The applicability of a retrieved entry, or None for one that is about something else.

    high: same failure mode, something of the setting shared or the wording close, nothing different. medium: same
    failure mode, and either something differs or nothing can be compared. low: a stated condition is not met here, or
    framework and model type both matter and differ and the wording is not close, or the wording alone is close.
    `score` is the retrieval similarity (0..1).
    """
    modes = [mode for mode in situation.modes if mode in entry.modes]
    if score < (RELATED if modes else CLOSE):
        return None
    found = _compare(entry, situation, ontology)
    level = _level(bool(modes), score, found)
    about = f"same failure mode ({_name(modes[0])})" if modes else "similar wording, another failure mode"
    clauses = [about, *found.shared, *found.beside_the_point, *found.unlike, *found.refuted]
    caveat = f" Does not carry over when: {entry.not_when.rstrip('.')}." if entry.not_when else ""
    return Judgement(level, f"{'; '.join(clauses)}.{caveat}")


def _level(same_mode: bool, score: float, found: _Comparison) -> Applicability:
    close = score >= CLOSE
    if found.refuted or not same_mode or (len(found.unlike) > 1 and not close):
        return "low"
    differs = found.unlike or found.beside_the_point
    return "medium" if differs or not (found.shared or close) else "high"


def _compare(entry: KnowledgeEntry, situation: Situation, ontology: Ontology) -> _Comparison:
    found = _Comparison()
    _compare_names("framework", entry.frameworks, situation.frameworks, ontology, found)
    if any(mode.split("/", 1)[0] in _ARITHMETIC_OR_DATA for mode in entry.modes if mode in situation.modes):
        found.beside_the_point, found.unlike = [f"{text}, which matters little" for text in found.unlike], []
    _compare_names("model type", entry.model_types, situation.model_types, ontology, found)
    for name, wanted in entry.settings.items():
        _compare_setting(name, wanted, situation.run, found)
    return found


def _compare_names(
    what: str, theirs: Sequence[str], ours: Sequence[str], ontology: Ontology, found: _Comparison
) -> None:
    """Names agree when one lies within the other: what holds for PyTorch mostly holds for a library built on it."""
    if not theirs or not ours:
        return
    both = [a for a in ours for b in theirs if a in ontology.lineage(b) or b in ontology.lineage(a)]
    if both:
        found.shared.append(f"same {what} ({_label(both[0])})")
    else:
        found.unlike.append(f"other {what} ({_label(theirs[0])} there, {_label(ours[0])} here)")


def _compare_setting(name: str, wanted: str, run: RunRecord | None, found: _Comparison) -> None:
    actual = _actual(name, run) if run else None
    if actual is None:
        return
    if _meets(actual, wanted):
        found.shared.append(f"{name} is {actual} here too")
        return
    # A number or version that the source happened to have may differ and the advice still hold; a kind or a bound not.
    happened = _number(wanted[:1]) is not None
    (found.unlike if happened else found.refuted).append(f"{name} is {wanted} there and {actual} here")


def _actual(name: str, run: RunRecord) -> str | None:
    """The run's value of a setting or a version, as text; None when the sources do not tell."""
    if name == "precision":
        return precision(run)
    if setting := run.setting(name):
        return str(setting.value)
    return next((fact.value for fact in run.environment if fact.name == name), None)


def precision(run: RunRecord) -> str | None:
    """The training precision of the run: "fp16", "bf16", "fp32", or None when no setting tells."""
    for flag in ("fp16", "bf16"):
        # DeepSpeed writes fp16: {enabled: true}.
        nested = (value for value in run.config if value.name.endswith(f"{flag}.enabled"))
        if (setting := run.setting(flag) or next(nested, None)) and not _is_off(setting.value):
            return flag
    named = run.setting(*_PRECISION_NAMES)
    if named is None:
        return "fp32" if run.setting("fp16") and run.setting("bf16") else None
    text = str(named.value).lower()
    known = next((short for word, short in _FORMATS if word in text), None)
    # Lightning writes "16-mixed" or 16, and 32-true or 32.
    return known or ("fp16" if text.startswith("16") else "fp32" if "32" in text or _is_off(text) else None)


def _is_off(value: Scalar | tuple[Scalar, ...]) -> bool:
    return str(value).strip().lower() in _OFF


def _meets(actual: str, wanted: str) -> bool:
    """Whether a value meets a condition such as "fp16", "512", ">= 8" or "none"."""
    match = _BOUND.fullmatch(wanted)
    sign, bound = (match[1] or "=", match[2]) if match else ("=", wanted)
    here, there = _number(actual), _number(bound)
    if here is None or there is None:
        same = actual.strip().lower() == bound.strip().lower() or (_is_off(actual) and _is_off(bound))
        return same if sign in ("=", "==") else False
    checks = {">=": here >= there, "<=": here <= there, ">": here > there, "<": here < there}
    return checks.get(sign, here == there)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _label(name: str) -> str:
    return name.replace("_", " ")


def _name(mode: str) -> str:
    return _label(mode.split("/", 1)[-1])
