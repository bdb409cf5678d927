"""How estimators of XGBoost, LightGBM and CatBoost differ from scikit-learn's in what they take.

They are known by the names of their modules, so that none of these packages has to be installed.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import pandas as pd

RANKERS = ("XGBRanker", "LGBMRanker", "CatBoostRanker")
"""Estimators that answer a number by which rows are put in order."""

_NATIVE = ("lightgbm", "xgboost")


def library_of(estimator: Any) -> str:
    """The package that the class of `estimator` comes from."""
    return type(estimator).__module__.split(".")[0]


def reader_of(estimator: Any) -> Any:
    """The estimator that sees the raw columns: in a pipeline, that of its first step."""
    while hasattr(estimator, "steps"):
        real = [step for _, step in estimator.steps if hasattr(step, "get_params")]
        if not real:
            break
        estimator = real[0]
    return estimator


def last_of(estimator: Any) -> Any:
    """The estimator that answers: in a pipeline, that of its last step."""
    while hasattr(estimator, "steps"):
        estimator = estimator.steps[-1][1]
    return estimator


def fitted_names(estimator: Any, sample_names: Sequence[str]) -> list[str] | None:
    """The names of the columns that a library's estimator was fitted with, if it knows any.

    LightGBM writes an underscore for a space: the sample's own name stands for such a one.
    CatBoost calls them by their position where it was given an array.
    """
    reader = reader_of(estimator)
    if library_of(reader) == "catboost":
        names = [str(name) for name in reader.feature_names_]
        return None if names == [str(at) for at in range(len(names))] else names
    names_in = getattr(estimator, "feature_names_in_", None)
    if names_in is None:
        return None
    own = {name.replace(" ", "_"): name for name in sample_names}
    names = [str(name) for name in names_in]
    if library_of(reader) == "lightgbm":
        return [name if name in sample_names else own.get(name, name) for name in names]
    return names


def as_categories(estimator: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` with texts as pandas' categories, where the estimator takes no others.

    Raises:
        ValueError: XGBoost was not fitted with a category that stands there; it answers such rows
            by chance, or not at all.
    """
    reader = reader_of(estimator)
    library = library_of(reader)
    if library not in _NATIVE or not isinstance(rows, pd.DataFrame):
        return rows
    texts = [
        name
        for name, dtype in rows.dtypes.items()
        if pd.api.types.is_string_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype)
    ]
    made = rows.assign(**{str(name): rows[name].astype("category") for name in texts})
    if library == "xgboost" and texts:
        learned = learned_categories(reader)
        for name in texts:
            known = learned.get(str(name))
            if (
                known
                and all(str(value).isascii() for value in known)
                and not set(made[name].dropna()) <= set(known)
            ):
                raise ValueError(f"XGBoost was not fitted with every category of `{name}`")
    return made


def learned_categories(reader: Any) -> dict[str, tuple[str | int, ...]]:
    """The categories of pandas that an estimator of XGBoost has learned, by column."""
    model = xgboost_model(reader.get_booster())
    return {
        name: found
        for name, found in zip(model["feature_names"], xgboost_categories(model), strict=False)
        if found
    }


@lru_cache(maxsize=4)
def xgboost_model(booster: Any) -> Mapping[str, Any]:
    """The `learner` of the model that XGBoost saves as JSON."""
    found: Mapping[str, Any] = json.loads(booster.save_raw("json"))["learner"]
    return found


def xgboost_trees(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """The trees of a `learner`, with what belongs to them."""
    booster = model["gradient_booster"]
    found: Mapping[str, Any] = booster.get("gbtree", booster)["model"]
    return found


def xgboost_categories(model: Mapping[str, Any]) -> list[tuple[str | int, ...]]:
    """The categories of each column in the order of their codes; nothing where codes were given."""
    return [_categories(entry) for entry in xgboost_trees(model).get("cats", {}).get("enc", [])]


def _categories(entry: Mapping[str, Any]) -> tuple[str | int, ...]:
    values, offsets = entry["values"], entry.get("offsets")
    if not offsets:
        return tuple(values)
    raw = bytes(value % 256 for value in values)
    return tuple(raw[start:end].decode(errors="replace") for start, end in pairwise(offsets))
