"""The paper's learned rules (section 4.3): a decision tree of depth at most 5, exported as at most 25 readable rules."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.features.feature import Feature
from misrun.tools.diagnosis.features.paper import PAPER_FEATURES
from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground
from misrun.tools.diagnosis.methods.classifier import FeatureClassifier

# Section 4.3.
DEEPEST = 5
MOST_RULES = 25


class LearnedRules(FeatureClassifier):
    """A shallow tree whose leaves are rules; a prediction shows the rule it comes from, in the features' own units."""

    def __init__(self, features: Sequence[Feature] = PAPER_FEATURES) -> None:
        super().__init__("learned_rules", _tree, features)

    def predict(self, facts: Facts) -> Diagnosis:
        diagnosis = super().predict(facts)
        rule = Ground(source="learned rule", text=self._rule_of(facts), weight=1.0)
        first = diagnosis.hypotheses[0].model_copy(update={"supporting": (rule,), "opposing": ()})
        return diagnosis.model_copy(update={"hypotheses": (first, *diagnosis.hypotheses[1:])})

    def rules(self) -> tuple[str, ...]:
        """Every rule of the fitted tree, in words, in the order of its leaves; at most MOST_RULES."""
        tree = self._estimator.tree_
        return tuple(self._in_words(leaf) for leaf in range(tree.node_count) if tree.children_left[leaf] < 0)

    def _rule_of(self, facts: Facts) -> str:
        return self._in_words(int(self._estimator.apply(self.known(self.table([facts])))[0]))

    def _in_words(self, leaf: int) -> str:
        tree, counts = self._estimator.tree_, self._estimator.tree_.value[leaf][0]
        category = self._estimator.classes_[int(np.argmax(counts))]
        return f"if {' and '.join(self._conditions(leaf)) or 'nothing'} then {category} ({tree.n_node_samples[leaf]} cases)"

    def _conditions(self, leaf: int) -> list[str]:
        tree, features = self._estimator.tree_, self.known_features()
        conditions: list[str] = []
        child = leaf
        while child:
            parent, left = _parent(tree, child)
            name, bound = features[tree.feature[parent]].name, _original(tree.threshold[parent])
            goes_left = bool(tree.missing_go_to_left[parent])
            missing = " or is missing" if goes_left == left else ""
            conditions.append(f"{name} {'<=' if left else '>'} {bound:.4g}{missing}")
            child = parent
        return conditions[::-1]


def _parent(tree: Any, child: int) -> tuple[int, bool]:
    """The parent of a node, and whether the node is its left child."""
    left = np.flatnonzero(tree.children_left == child)
    return (int(left[0]), True) if len(left) else (int(np.flatnonzero(tree.children_right == child)[0]), False)


def _original(compressed_value: float) -> float:
    """A threshold back in the feature's own unit: the inverse of classifier.compressed."""
    return float(np.sign(compressed_value) * np.expm1(abs(compressed_value)))


def _tree(rarest: int) -> Any:  # noqa: ARG001 - nothing is tuned
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_depth=DEEPEST, max_leaf_nodes=MOST_RULES, min_samples_leaf=2, random_state=0)
