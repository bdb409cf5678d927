"""Estimators of XGBoost, from the model that they save as JSON.

Source: XGBoost's "Introduction to Model IO" and its JSON schema. Everything is added up in 32 bits
there as well.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters import links
from lastmile.exporting.onnx.converters.boosted_columns import category_places, count_of_codes
from lastmile.exporting.onnx.nodes import Parts, width_of
from lastmile.exporting.onnx.trees import Categories, Forest, Tree, absent, cut, joined, regressor
from lastmile.exporting.onnx.trees.dumps import Read, of_xgboost
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature.boosters import (
    xgboost_categories,
    xgboost_model,
    xgboost_trees,
)

LINKS: dict[str, links.Link] = {
    "reg:squarederror": links.same,
    "reg:squaredlogerror": links.same,
    "reg:pseudohubererror": links.same,
    "reg:absoluteerror": links.same,
    "reg:quantileerror": links.same,
    "reg:expectileerror": links.same,
    "rank:pairwise": links.same,
    "rank:ndcg": links.same,
    "rank:map": links.same,
    "reg:logistic": links.logistic,
    "binary:logistic": links.logistic,
    "count:poisson": links.exponential,
    "reg:gamma": links.exponential,
    "reg:tweedie": links.exponential,
    "survival:cox": links.exponential,
    "survival:aft": links.exponential,
}
"""What makes an answer of the sum, by objective."""

_PROBABLE = ("binary:logistic", "multi:softprob", "multi:softmax")


@converts("XGBRegressor", "XGBRFRegressor", "XGBRanker", library="xgboost")
def regressor_of_xgboost(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The objective's own link of the sum."""
    model = xgboost_model(estimator.get_booster())
    objective = model["objective"]["name"]
    if objective not in LINKS:
        raise writer.refusal(f"its objective {objective} is not known")
    return Answer(value=LINKS[objective](writer, _sum(writer, estimator, model, parts)))


@converts("XGBClassifier", "XGBRFClassifier", library="xgboost")
def classifier_of_xgboost(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The logistic function or softmax of the sums."""
    model = xgboost_model(estimator.get_booster())
    objective = model["objective"]["name"]
    if objective not in _PROBABLE:
        raise writer.refusal(
            f"{objective} gives no probabilities", f"use objective={_PROBABLE[0]!r}"
        )
    if int(model["learner_model_param"]["num_target"]) > 1:
        raise writer.refusal("it has several labels", "fit one estimator for each label")
    classes = tuple(int(value) for value in estimator.classes_)
    if model["gradient_booster"]["name"] == "gblinear":
        score = _linear(writer, estimator, model, parts)
        return links.of_scores(writer, classes, score)
    given, forest = _forest(writer, estimator, model, parts)
    return links.classified(writer, classes, forest, given, rounded=True)


def _sum(writer: Writer, estimator: Any, model: Mapping[str, Any], parts: Parts) -> str:
    if model["gradient_booster"]["name"] == "gblinear":
        return _linear(writer, estimator, model, parts)
    given, forest = _forest(writer, estimator, model, parts)
    x, moved = cut(writer, forest, given)
    return regressor(writer, x, moved, len(forest.base))


def _linear(writer: Writer, estimator: Any, model: Mapping[str, Any], parts: Parts) -> str:
    """A weighted sum in which a missing number has no share.

    What the sum begins with is asked: XGBoost 3.2 gives that of the first class to all of them.
    """
    zeros = np.zeros((1, width_of(parts)), dtype=np.float32)
    begin = estimator.predict(zeros, output_margin=True, validate_features=False).reshape(-1)
    weights = np.array(model["gradient_booster"]["model"]["weights"]).reshape(-1, len(begin))
    x = writer.matrix(parts)
    known = writer("Where", writer("IsNaN", x), np.float32(0), x)
    return writer("Gemm", known, weights[:-1], begin)


def _base(model: Mapping[str, Any]) -> np.ndarray:
    """What every sum begins with [K] f64; it is stored as what it means behind the link."""
    param = model["learner_model_param"]
    base = np.ravel(np.array(json.loads(param["base_score"]), dtype=np.float32)).astype(np.float64)
    targets = max(1, int(param["num_class"]), int(param["num_target"]))
    link = LINKS.get(model["objective"]["name"], links.same)
    if link is links.logistic:
        base = -np.log(1 / base - 1)
    elif link is links.exponential:
        base = np.log(base)
    return np.broadcast_to(base, (targets,)).astype(np.float64)


def _forest(
    writer: Writer, estimator: Any, model: Mapping[str, Any], parts: Parts
) -> tuple[Parts, Forest]:
    """The columns that the trees read, and the trees of the iterations that are asked."""
    read = _trees(estimator, model)
    choices = [choice for _, found in read for choice in found]
    names = dict(enumerate(xgboost_categories(model)))
    counts = count_of_codes(choices, names)
    if any(not str(value).isascii() for values in names.values() for value in values):
        raise writer.refusal(
            "XGBoost has kept only the beginning of categories with letters beyond ASCII",
            "put OrdinalEncoder before it and tell XGBoost feature_types",
        )
    categories = Categories(width_of(parts), counts)
    base = _base(model)
    trees = [_first(base), *(categories.turned(tree, found) for tree, found in read)]
    forest = categories.grouped(joined(trees, np.zeros(len(base)), rounds=True))
    given = _without_absent(writer, estimator, forest, parts)
    places = category_places(writer, parts, {at: names.get(at, ()) for at in counts}, counts)
    return (*given, *categories.columns(writer, places)), forest


def _first(base: np.ndarray) -> Tree:
    """What sums begin with, as a tree: so they are added up, and rounded, in XGBoost's order."""
    none = np.array([-1])
    return Tree(
        feature=np.array([0]),
        threshold=np.array([0.0]),
        left=none,
        right=none,
        missing_left=np.array([False]),
        values=base[None, :],
        targets=np.arange(len(base)),
    )


def _trees(estimator: Any, model: Mapping[str, Any]) -> list[Read]:
    factors = model["gradient_booster"].get("weight_drop")
    grown = xgboost_trees(model)
    last = len(grown["iteration_indptr"]) - 1
    with suppress(AttributeError):  # as there is none where it was not stopped early
        last = estimator.best_iteration + 1
    count = grown["iteration_indptr"][last]
    return [
        of_xgboost(tree, target, factors[at] if factors else 1.0)
        for at, (tree, target) in enumerate(
            zip(grown["trees"][:count], grown["tree_info"][:count], strict=True)
        )
    ]


def _without_absent(writer: Writer, estimator: Any, forest: Forest, parts: Parts) -> Parts:
    """NaN where XGBoost has nothing: its marker, and zeros that a sparse array does not hold."""
    if writer.sparse:
        parts = absent(writer, parts, forest, 0.0, 0.0)
    marker = np.float32(estimator.missing)
    if np.isnan(marker):
        return parts
    below, above = (
        (float(np.nextafter(marker, np.float32(end))) + float(marker)) / 2
        for end in (-np.inf, np.inf)
    )
    if np.float32(below) != marker:
        below, above = float(np.nextafter(below, np.inf)), float(np.nextafter(above, -np.inf))
    return absent(writer, parts, forest, below, above)
