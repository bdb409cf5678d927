"""Estimators that skl2onnx would convert to something that answers differently, without an error.

The effects were measured with skl2onnx 1.20 and scikit-learn 1.9. A row leaves this table when a
corrected converter takes its place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lastmile.errors import NotExportable
from lastmile.exporting.signature.parts import parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Estimators of the classes `names` (exact), where `when` holds, are refused for `reason`."""

    names: tuple[str, ...]
    when: Callable[[Any], bool]
    reason: str
    fix: str = ""


def _always(_: Any) -> bool:
    return True


def _learned_missing(part: Any) -> bool:
    return any(pd.isna(value) for values in part.categories_ for value in values)


_HIST = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")

REFUSED: tuple[Refusal, ...] = (
    Refusal(
        names=("SimpleImputer", "KNNImputer"),
        when=lambda part: bool(part.add_indicator),
        reason="the indicator columns of add_indicator would be dropped",
        fix="set add_indicator=False",
    ),
    Refusal(
        names=("KNNImputer",),
        when=_always,
        reason="its neighbours are found differently (probabilities off by up to 0.6)",
        fix="use SimpleImputer",
    ),
    Refusal(
        names=_HIST,
        when=lambda part: getattr(part, "is_categorical_", None) is not None,
        reason="its categorical splits would be read as thresholds",
        fix="encode the categories with OneHotEncoder and set categorical_features=None",
    ),
    Refusal(
        names=("HistGradientBoostingRegressor",),
        when=lambda part: part.loss in ("poisson", "gamma"),
        reason="the answer would be the logarithm of the prediction",
        fix="use loss='squared_error'",
    ),
    Refusal(
        names=("TunedThresholdClassifierCV", "FixedThresholdClassifier"),
        when=_always,
        reason="its threshold would be ignored",
        fix="export the estimator inside and apply the threshold to the probability in the app",
    ),
    Refusal(
        names=("CalibratedClassifierCV",),
        when=_always,
        reason="its calibration would be applied wrongly (probabilities off by up to 0.5)",
        fix="export the estimator inside",
    ),
    Refusal(
        names=("LinearDiscriminantAnalysis",),
        when=lambda part: len(part.classes_) == 2,
        reason="with two classes its probabilities would be wrong by up to 0.15",
        fix="use LogisticRegression",
    ),
    Refusal(
        names=("OrdinalEncoder",),
        when=lambda part: bool(part.max_categories or part.min_frequency),
        reason="infrequent categories would not be grouped",
        fix="set max_categories=None and min_frequency=None",
    ),
    Refusal(
        names=("OrdinalEncoder",),
        when=_learned_missing,
        reason="the number for a missing category would be another one",
        fix="put SimpleImputer(strategy='constant', fill_value='missing') before it",
    ),
    Refusal(
        names=("CountVectorizer", "TfidfVectorizer", "HashingVectorizer"),
        when=_always,
        reason="the words that a phone finds depend on the phone's language settings",
        fix="turn texts into numbers or categories first",
    ),
)


def demand_not_refused(estimator: Any) -> None:
    """Raise `NotExportable` for the first part of `estimator` that :data:`REFUSED` names."""
    for path, part in parts(estimator):
        for refusal in REFUSED:
            if type(part).__name__ in refusal.names and refusal.when(part):
                raise NotExportable(path, target="ONNX", reason=refusal.reason, fix=refusal.fix)
