"""Whether scikit-learn hands a sparse array on: some libraries take its zeros for missing."""

from collections.abc import Callable
from typing import Any

_MAKES: dict[str, Callable[[Any], bool]] = {
    "OneHotEncoder": lambda step: step.sparse_output,
    "SplineTransformer": lambda step: step.sparse_output,
    "RandomTreesEmbedding": lambda step: step.sparse_output,
    "KBinsDiscretizer": lambda step: step.encode == "onehot",
    "DictVectorizer": lambda step: step.sparse,
    "ColumnTransformer": lambda step: step.sparse_output_,
    "CountVectorizer": lambda _: True,
    "TfidfVectorizer": lambda _: True,
    "HashingVectorizer": lambda _: True,
    "FeatureHasher": lambda _: True,
}
"""What a class answers, whatever it is given."""

_KEEPS = (
    "SimpleImputer",
    "MaxAbsScaler",
    "StandardScaler",
    "RobustScaler",
    "Normalizer",
    "Binarizer",
    "PolynomialFeatures",
    "TfidfTransformer",
    "FunctionTransformer",
    "VarianceThreshold",
    "SelectFromModel",
    "SelectKBest",
    "SelectPercentile",
    "SelectFpr",
    "SelectFdr",
    "SelectFwe",
    "GenericUnivariateSelect",
    "SequentialFeatureSelector",
    "RFE",
    "RFECV",
)
"""Classes that answer sparse arrays with sparse arrays."""


def is_sparse(step: Any, given: bool) -> bool:
    """Whether `step` hands a sparse array on; `given` says whether it was given one."""
    kind = type(step).__name__
    if step is None or step == "passthrough":
        return given
    if kind in _MAKES:
        return bool(_MAKES[kind](step))
    if kind == "Pipeline":
        for _, inner in step.steps:
            given = is_sparse(inner, given)
        return given
    if kind == "FeatureUnion":
        return any(is_sparse(inner, given) for _, inner in step.transformer_list if inner != "drop")
    return given and kind in _KEEPS
