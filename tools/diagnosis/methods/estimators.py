"""The estimators of the paper's section 4.4 with their restricted grids, tuned inside each training fold (nested).

Each takes the number of training cases of the rarest category, which bounds the number of inner folds.
"""

from typing import Any

# Five folds as in the paper; a category with fewer cases than folds lowers the number.
FOLDS = 5
SEED = 0


def logistic_regression(rarest: int) -> Any:
    """Multinomial logistic regression on imputed, standardised features."""
    from sklearn.linear_model import LogisticRegression

    return _tuned(
        _complete(LogisticRegression(max_iter=2000)), {"logisticregression__C": [0.01, 0.1, 1.0, 10.0]}, rarest
    )


def decision_tree(rarest: int) -> Any:
    """One tree; missing values go the way that helps (scikit-learn >= 1.3)."""
    from sklearn.tree import DecisionTreeClassifier

    return _tuned(
        DecisionTreeClassifier(random_state=SEED), {"max_depth": [3, 5, 8, None], "min_samples_leaf": [1, 2, 4]}, rarest
    )


def random_forest(rarest: int) -> Any:
    """100 trees, as in the paper."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(n_estimators=100, random_state=SEED)
    return _tuned(forest, {"max_features": ["sqrt", 0.5], "min_samples_leaf": [1, 2]}, rarest)


def lightgbm(rarest: int) -> Any:
    """Gradient-boosted trees. The default of 20 samples per leaf would leave 60 training cases unsplit."""
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(n_estimators=100, random_state=SEED, verbose=-1, n_jobs=1, deterministic=True)
    return _tuned(model, {"min_child_samples": [3, 6], "num_leaves": [4, 8]}, rarest)


def explainable_boosting(rarest: int) -> Any:  # noqa: ARG001 - one interface for all of them
    """Generalised additive model with pairwise terms (Nori et al. 2019); its defaults, no grid: one fit takes seconds."""
    from interpret.glassbox import ExplainableBoostingClassifier

    return ExplainableBoostingClassifier(interactions=0, outer_bags=4, random_state=SEED, n_jobs=1)


def _complete(estimator: Any) -> Any:
    """Imputes medians, marks what was missing, and standardises."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler(), estimator
    )


def _tuned(estimator: Any, grid: dict[str, list[Any]], rarest: int) -> Any:
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    folds = StratifiedKFold(max(2, min(FOLDS, rarest)), shuffle=True, random_state=SEED)
    return GridSearchCV(estimator, grid, cv=folds, scoring="accuracy", n_jobs=1)
