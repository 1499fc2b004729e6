"""Every method the evaluation runs, by name. Each call builds a new one, so that folds share nothing."""

from collections.abc import Callable, Sequence

from misrun.tools.diagnosis.features.scale_free import SCALE_FREE_FEATURES
from misrun.tools.diagnosis.methods import estimators
from misrun.tools.diagnosis.methods.classifier import FeatureClassifier
from misrun.tools.diagnosis.methods.fusion import FusionMethod
from misrun.tools.diagnosis.methods.hybrid import Hybrid
from misrun.tools.diagnosis.methods.improved_rules import ImprovedRules
from misrun.tools.diagnosis.methods.learned_rules import LearnedRules
from misrun.tools.diagnosis.methods.local_llm import EvidenceLlm, ZeroShotLlm
from misrun.tools.diagnosis.methods.method import Method
from misrun.tools.diagnosis.methods.most_frequent import MostFrequent
from misrun.tools.diagnosis.methods.simple_rules import SimpleRules
from misrun.tools.diagnosis.methods.simulated_human import SimulatedHuman
from misrun.tools.llm.stored import stored_model

METHODS: dict[str, Callable[[], Method | SimulatedHuman]] = {
    "most_frequent": MostFrequent,
    "simple_rules": SimpleRules,
    "improved_rules": ImprovedRules,
    "learned_rules": LearnedRules,
    "logistic_regression": lambda: FeatureClassifier("logistic_regression", estimators.logistic_regression),
    "decision_tree": lambda: FeatureClassifier("decision_tree", estimators.decision_tree),
    "random_forest": lambda: FeatureClassifier("random_forest", estimators.random_forest),
    "lightgbm": lambda: FeatureClassifier("lightgbm", estimators.lightgbm),
    "ebm": lambda: FeatureClassifier("ebm", estimators.explainable_boosting),
    "random_forest_scale_free": lambda: FeatureClassifier(
        "random_forest_scale_free", estimators.random_forest, SCALE_FREE_FEATURES
    ),
    "hybrid": lambda: Hybrid(ImprovedRules(), FeatureClassifier("random_forest", estimators.random_forest)),
    # The answers are kept: a case that stands in many folds is asked about once.
    ZeroShotLlm.name: lambda: ZeroShotLlm(stored_model),
    EvidenceLlm.name: lambda: EvidenceLlm(stored_model),
    SimulatedHuman.name: SimulatedHuman,
    "misrun": FusionMethod,
}


def skipped(names: Sequence[str]) -> dict[str, str]:
    """The methods that cannot run here, with the reason in words: no model server, a library that is not installed."""
    found = {}
    for name in names:
        reason = getattr(METHODS[name](), "unavailable", lambda: None)()
        if reason is not None:
            found[name] = reason
    return found
