"""The paper's hybrid triage: rules where they are sure, a classifier where they are not, a person for the rest."""

from collections.abc import Sequence

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.methods.method import Case, Method, abstained

# The paper's two thresholds on the confidence of the rules.
RULES_FROM = 0.85
CLASSIFIER_FROM = 0.60


class Hybrid:
    """`rules` decide above RULES_FROM, `classifier` from CLASSIFIER_FROM on; below, the case goes to a person."""

    name = "hybrid"

    def __init__(self, rules: Method, classifier: Method) -> None:
        self._rules, self._classifier = rules, classifier

    def fit(self, cases: Sequence[Case]) -> None:
        self._rules.fit(cases)
        self._classifier.fit(cases)

    def predict(self, facts: Facts) -> Diagnosis:
        by_rules = self._rules.predict(facts)
        if not by_rules.abstained and by_rules.likelihood > RULES_FROM:
            return by_rules
        if by_rules.likelihood >= CLASSIFIER_FROM:
            return self._classifier.predict(facts)
        leaning = [(h.mode, h.likelihood) for h in by_rules.hypotheses]
        return abstained(f"for a person: rules reach only {by_rules.likelihood:.2f}", by_rules.likelihood, leaning)
