"""Which failure modes a phrase of the user names: by their names, by the terms of the ontology, by the usual cures."""

import re
from collections.abc import Sequence
from functools import cache

from misrun.knowledge.lexical import STOP_WORDS, stem
from misrun.knowledge.ontology import load_ontology
from misrun.tools.diagnosis.attempts import failed_attempts
from misrun.tools.diagnosis.hypothesis import Hypothesis
from misrun.tools.diagnosis.taxonomy import MODES

_WORD = re.compile(r"[A-Za-z]+")
# What people write for the words in the names of modes.
_SHORT = {
    "lr": "learning rate", "oom": "device oom memory", "grads": "gradient", "grad": "gradient", "vram": "device memory",
    "nan": "unstable arithmetic", "nans": "unstable arithmetic", "fp16": "low precision", "amp": "low precision",
    "init": "initialization", "leak": "memory leak", "vocab": "vocabulary", "exploding": "explosion",
    "explode": "explosion", "overfit": "overfitting", "shapes": "shape", "augmentation": "input",
}  # fmt: skip
# Words in names of modes that say nothing alone.
_WEAK = frozenset(
    map(stem, ("too", "high", "low", "bad", "missing", "data", "in", "no", "wrong", "device", "settings"))
)


def modes_named(phrase: str, hypotheses: Sequence[Hypothesis] = ()) -> tuple[str, ...]:
    """Modes of the taxonomy that `phrase` names, the best match first; of equals the likelier hypothesis first."""
    scores: dict[str, float] = {}
    said = _stems(_spelled(phrase))
    for mode, words in _names().items():
        strong = words - _WEAK
        shared = len(said & words) / len(words)
        if said & strong and shared >= 0.5:
            scores[mode] = shared + 0.5
    for term in load_ontology().terms_in(phrase, "phenomena"):
        for place, mode in enumerate(term.modes[:3]):
            scores[mode] = max(scores.get(mode, 0.0), 1.2 - 0.2 * place)
    for mode in failed_attempts((phrase,)):
        scores[mode] = max(scores.get(mode, 0.0), 1.3)
    likelihood = {h.mode: h.likelihood for h in hypotheses}
    return tuple(sorted(scores, key=lambda mode: (-round(scores[mode], 1), -likelihood.get(mode, 0.0), mode)))


def content_stems(text: str) -> frozenset[str]:
    """The words of a text that say something, without their inflection."""
    return frozenset(stem(word) for word in map(str.lower, _WORD.findall(text)) if word not in STOP_WORDS)


def _spelled(phrase: str) -> str:
    return re.sub(r"[A-Za-z]+\d*", lambda word: _SHORT.get(word[0].lower(), word[0]), phrase)


@cache
def _names() -> dict[str, frozenset[str]]:
    return {mode: _stems(mode.split("/", 1)[-1].replace("_", " ")) for mode in MODES}


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word.lower()) for word in _WORD.findall(text))
