"""The paper's classifiers: a scikit-learn estimator of the category on a table of features.

The mode is that of the nearest training case of the predicted category (standardised features, missing values
ignored): the paper's classifiers stop at the category, and users act on the mode.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.features.feature import Feature, matrix
from misrun.tools.diagnosis.features.paper import PAPER_FEATURES
from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground
from misrun.tools.diagnosis.methods.method import Case, told

Floats = NDArray[np.float64]
# Built anew for every fit, from the number of training cases of the rarest category.
Build = Callable[[int], Any]


class FeatureClassifier:
    """Predicts the category by an estimator with `fit` and `predict_proba` (scikit-learn's contract)."""

    def __init__(self, name: str, build: Build, features: Sequence[Feature] = PAPER_FEATURES) -> None:
        self.name = name
        self.features = tuple(features)
        self._build = build
        self._estimator: Any = None
        self._cases: tuple[Case, ...] = ()
        self._table: Floats = np.empty((0, 0))
        self._known: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self._centre: Floats = np.empty(0)
        self._scale: Floats = np.empty(0)

    def fit(self, cases: Sequence[Case]) -> None:
        self._cases = tuple(cases)
        self._table = self.table([case.facts for case in cases])
        self._centre, self._scale = _centre_and_scale(self._table)
        # A feature that no training case tells cannot be learned from, and some estimators refuse it.
        self._known = np.asarray(~np.isnan(self._table).all(axis=0))
        categories = [case.category for case in cases]
        self._estimator = self._build(min(Counter(categories).values()))
        self._estimator.fit(self.known(self._table), np.asarray(categories))

    def predict(self, facts: Facts) -> Diagnosis:
        row = self.table([facts])
        shares = dict(zip(self._estimator.classes_, self._estimator.predict_proba(self.known(row))[0], strict=True))
        category = str(max(shares, key=lambda name: shares[name]))
        modes = self._nearest_modes(row[0], category)
        return told(modes[0], float(shares[category]), self._grounds(row[0]), [(mode, 0.0) for mode in modes[1:3]])

    def table(self, cases: Sequence[Facts]) -> Floats:
        """(cases, features), compressed; NaN where a case does not tell."""
        return compressed(matrix(self.features, cases))

    def known(self, table: Floats) -> Floats:
        """The columns of the features that some training case told."""
        return np.asarray(table[:, self._known], dtype=np.float64)

    def known_features(self) -> list[Feature]:
        """The features of those columns."""
        return [feature for feature, known in zip(self.features, self._known, strict=True) if known]

    def categories(self, table: Floats) -> NDArray[np.str_]:
        """The category of every row of such a table."""
        return np.asarray(self._estimator.predict(self.known(table)), dtype=np.str_)

    def _nearest_modes(self, row: Floats, category: str) -> list[str]:
        """Modes of the training cases of `category`, nearest case first."""
        own = [i for i, case in enumerate(self._cases) if case.category == category]
        gaps = np.abs((self._table[own] - row) / self._scale)
        # A value that either lacks says nothing: it counts as far as two random cases lie apart on average (1 sigma).
        distance = np.where(np.isnan(gaps), 1.0, gaps).mean(axis=1)
        return list(dict.fromkeys(self._cases[own[i]].mode for i in np.argsort(distance, kind="stable")))

    def _grounds(self, row: Floats) -> list[Ground]:
        """The features of this run that lie farthest from the middle of the training cases."""
        z = np.nan_to_num((row - self._centre) / self._scale)
        order = np.argsort(-np.abs(z))[:4]
        grounds = [
            Ground(source=self.features[i].name, text=f"{self.features[i].name} lies {z[i]:+.1f} sigma from the middle",
                   weight=round(float(abs(z[i])), 3))
            for i in order if z[i]
        ]  # fmt: skip
        plain = Ground(source="features", text="every feature lies in the middle of the known cases", weight=0.1)
        return grounds or [plain]


def compressed(table: Floats) -> Floats:
    """sign(x) ln(1 + |x|): the paper's features span twelve decades, and estimators work in float32."""
    return np.asarray(np.sign(table) * np.log1p(np.abs(table)), dtype=np.float64)


def _centre_and_scale(table: Floats) -> tuple[Floats, Floats]:
    """Median and spread of each column; 0 and 1 for a column without values or without spread."""
    known = ~np.isnan(table)
    centre = np.array(
        [np.median(column[own]) if own.any() else 0.0 for column, own in zip(table.T, known.T, strict=True)]
    )
    scale = np.array([column[own].std() if own.any() else 0.0 for column, own in zip(table.T, known.T, strict=True)])
    return centre, np.where(scale > 0, scale, 1.0)
