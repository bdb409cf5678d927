"""Gradient boosting: trees one after the other, and the link function behind their sum."""

from dataclasses import replace
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.links import classified
from lastmile.exporting.onnx.nodes import Parts, width_of
from lastmile.exporting.onnx.trees import Categories, Forest, Tree, cut, joined, regressor
from lastmile.exporting.onnx.trees.reading import boosted, grown
from lastmile.exporting.onnx.writer import Writer, converts


@converts("GradientBoostingRegressor")
def gradient_regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The first guess and what the trees add to it."""
    x, forest = cut(writer, _stages(writer, estimator, parts), parts)
    return Answer(value=regressor(writer, x, forest, 1))


@converts("GradientBoostingClassifier")
def gradient_classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The logistic function or softmax of the sums; twice the sum for the exponential loss."""
    forest = _stages(writer, estimator, parts)
    factor = 2.0 if estimator.loss == "exponential" else 1.0
    return classified(writer, plain_classes(estimator.classes_), forest, parts, factor=factor)


def _stages(writer: Writer, estimator: Any, parts: Parts) -> Forest:
    first = estimator.init_
    if first != "zero" and type(first).__name__ not in ("DummyClassifier", "DummyRegressor"):
        raise writer.refusal("it begins with another estimator", "set init=None")
    base = estimator._raw_predict_init(np.zeros((1, width_of(parts)), dtype=np.float32))[0]
    rate = estimator.learning_rate
    trees = [
        grown(member.tree_, rate * member.tree_.value[:, 0, :1], np.array([target]))
        for stage in estimator.estimators_
        for target, member in enumerate(stage)
    ]
    return joined(trees, np.ravel(base))


# --- histograms ----------------------------------------------------------------------------------


@converts("HistGradientBoostingRegressor")
def histogram_regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The inverse of the link function of the sum: the exponential for counts and amounts."""
    given, forest = _histograms(writer, estimator, parts)
    x, moved = cut(writer, forest, given)
    value = regressor(writer, x, moved, 1)
    link = type(estimator._loss.link).__name__
    if link == "LogLink":
        value = writer("Exp", value)
    elif link != "IdentityLink":
        raise writer.refusal(f"its link function {link} is not known")
    return Answer(value=value)


@converts("HistGradientBoostingClassifier")
def histogram_classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The logistic function or softmax of the sums."""
    given, forest = _histograms(writer, estimator, parts)
    return classified(writer, plain_classes(estimator.classes_), forest, given)


def _histograms(writer: Writer, estimator: Any, parts: Parts) -> tuple[Parts, Forest]:
    """The columns that the trees read, and the trees.

    A split by category becomes a column of its own: 0 for the categories that go left, 1 for the
    others, looked up in a table, so that nothing is rounded.
    """
    trees: list[Tree] = []
    base = np.ravel(estimator._baseline_prediction)
    pairs = [
        (target, predictor)
        for group in estimator._predictors
        for target, predictor in enumerate(group)
    ]
    if estimator.is_categorical_ is None:
        trees = [boosted(predictor.nodes, target) for target, predictor in pairs]
        return parts, joined(trees, base, rounds=False)
    coded = _coded(writer, estimator, parts)
    known, places = estimator._bin_mapper.make_known_categories_bitsets()
    splits = Categories(width_of(coded), {})
    for target, predictor in pairs:
        tree = boosted(predictor.nodes, target)
        trees.append(_without_categories(splits, tree, predictor, known[places]))
    forest = splits.grouped(joined(trees, base, rounds=False))
    return _with_columns(writer, splits, coded), forest


_MOST = 255
"""Categories of a column, at most; what stands behind them is unknown, or missing."""


def _coded(writer: Writer, estimator: Any, parts: Parts) -> Parts:
    """Codes of the categories, then the numbers: the order in which the trees know them."""
    known = np.asarray(estimator.is_categorical_, dtype=bool)
    texts = writer.pick(parts, [int(at) for at in np.flatnonzero(known)])
    numbers = writer.pick(parts, [int(at) for at in np.flatnonzero(~known)])
    encoder = estimator._preprocessor.named_transformers_["encoder"]
    return (*writer.answer(encoder, texts, "encoder").features, *numbers)


def _without_categories(splits: Categories, tree: Tree, predictor: Any, known: np.ndarray) -> Tree:
    """The tree with splits by category turned into splits on their columns."""
    feature, threshold = tree.feature.copy(), tree.threshold.copy()
    nodes = predictor.nodes
    for at in np.flatnonzero(nodes["is_categorical"] & (nodes["is_leaf"] == 0)):
        column = int(nodes["feature_idx"][at])
        left = _bits(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][at]])
        aside = bool(nodes["missing_go_to_left"][at])
        goes_left = np.where(_bits(known[column]), left, aside)[:_MOST]
        feature[at] = splits.column(column, np.append(goes_left, [aside, aside]))
        threshold[at] = 0.5
    return replace(tree, feature=feature, threshold=threshold)


def _with_columns(writer: Writer, splits: Categories, coded: Parts) -> Parts:
    """The coded columns, and behind them one for each split by category."""
    places = {}
    for column in splits.read:
        (part,) = writer.pick(coded, [column])
        code = writer("Where", writer("IsNaN", part.name), np.float32(_MOST + 1), part.name)
        places[column] = writer("Cast", code, to=onnx.TensorProto.INT64)
    return (*coded, *splits.columns(writer, places))


def _bits(words: np.ndarray) -> np.ndarray:
    """[256] bool of eight words of 32 bits, the lowest first."""
    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8), bitorder="little").astype(bool)
