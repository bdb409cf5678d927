"""Estimators of CatBoost, from the model that they save as JSON.

CatBoost rounds columns to 32 bits, compares with its borders, and adds up in 64 bits.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters import links
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.trees import Forest, cut, joined, regressor
from lastmile.exporting.onnx.trees.dumps import of_catboost
from lastmile.exporting.onnx.writer import Writer, converts

_EXPONENTIAL = ("Poisson", "Tweedie")
_PROBABLE = ("Logloss", "CrossEntropy", "MultiClass")
_UNKNOWN = ("RMSEWithUncertainty", "SurvivalAft", "PythonUserDefinedPerObject")


@converts("CatBoostRegressor", "CatBoostRanker", library="catboost")
def regressor_of_catboost(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The sum, or its exponential for counts and amounts."""
    model, loss = _model(writer, estimator)
    if loss in _UNKNOWN:
        raise writer.refusal(f"its loss {loss} is not known")
    forest = _forest(model)
    x, moved = cut(writer, forest, parts)
    value = regressor(writer, x, moved, len(forest.base))
    ranks = type(estimator).__name__ == "CatBoostRanker"
    link = links.exponential if loss in _EXPONENTIAL and not ranks else links.same
    return Answer(value=link(writer, value))


@converts("CatBoostClassifier", library="catboost")
def classifier_of_catboost(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The logistic function or softmax of the sums."""
    model, loss = _model(writer, estimator)
    if estimator.get_probability_threshold() not in (None, 0.5):
        raise writer.refusal("it has a threshold of its own", "use TunedThresholdClassifierCV")
    classes = plain_classes(estimator.classes_)
    forest = _forest(model)
    if loss == "MultiClassOneVsAll":
        return links.one_by_one(writer, classes, forest, parts, factor=1.0)
    if loss not in _PROBABLE:
        raise writer.refusal(f"its loss {loss} is not known", "use Logloss or MultiClass")
    return links.classified(writer, classes, forest, parts)


def _model(writer: Writer, estimator: Any) -> tuple[Mapping[str, Any], str]:
    """The model as CatBoost writes it down, and the name of its loss."""
    if estimator.get_cat_feature_indices():
        raise writer.refusal(
            "it counts categories by hashes of their texts, which no operator of ONNX computes",
            "put OneHotEncoder, OrdinalEncoder or TargetEncoder before it, without cat_features",
        )
    if estimator.get_text_feature_indices() or estimator.get_embedding_feature_indices():
        raise writer.refusal("it reads texts or embeddings", "turn them into numbers before it")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        estimator.save_model(str(path), format="json")
        model: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return model, estimator.get_all_params()["loss_function"].split(":")[0]


def _forest(model: Mapping[str, Any]) -> Forest:
    scale, base = model["scale_and_bias"]
    features = model["features_info"].get("float_features", [])
    columns = [feature["flat_feature_index"] for feature in features] or [0]
    missing_left = [feature["nan_value_treatment"] != "AsTrue" for feature in features] or [True]
    targets = len(base)
    grown = model.get("oblivious_trees") or model.get("trees") or []
    trees = [of_catboost(tree, columns, missing_left, targets) for tree in grown]
    for tree in trees:
        tree.values[:] *= scale
    return joined(trees, np.asarray(base, dtype=np.float64), rounds=True)
