"""Gradient boosting: trees one after the other, and the link function behind their sum."""

from dataclasses import replace
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.scores import argmax
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.trees import Forest, Tree, classifier, cut, joined, margins, regressor
from lastmile.exporting.onnx.trees.reading import boosted, grown
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


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
    return _classified(writer, estimator, forest, parts, factor)


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


def _classified(
    writer: Writer, estimator: Any, forest: Forest, parts: Parts, factor: float = 1.0
) -> Answer:
    classes = plain_classes(estimator.classes_)
    x, moved = cut(writer, forest, parts)
    post = "LOGISTIC" if len(classes) == 2 else "SOFTMAX"
    label, shares, score = margins(writer, x, moved, classes, post=post)
    if factor != 1:
        twice = replace(moved, value=moved.value * factor, base=moved.base * factor)
        label, shares = classifier(writer, x, twice, classes, post=post)
    return Answer(
        label=label,
        index=argmax(writer, shares),
        classes=classes,
        probabilities=shares,
        score=score,
    )


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
    return _classified(writer, estimator, forest, given)


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
    splits = _Splits(width_of(coded), known, places)
    for target, predictor in pairs:
        trees.append(splits.without_categories(boosted(predictor.nodes, target), predictor))
    return splits.columns(writer, coded), joined(trees, base, rounds=False)


def _coded(writer: Writer, estimator: Any, parts: Parts) -> Parts:
    """Codes of the categories, then the numbers: the order in which the trees know them."""
    known = np.asarray(estimator.is_categorical_, dtype=bool)
    texts = writer.pick(parts, [int(at) for at in np.flatnonzero(known)])
    numbers = writer.pick(parts, [int(at) for at in np.flatnonzero(~known)])
    encoder = estimator._preprocessor.named_transformers_["encoder"]
    return (*writer.answer(encoder, texts, "encoder").features, *numbers)


class _Splits:
    """Splits by category, each kind of it a column."""

    def __init__(self, width: int, known: np.ndarray, places: np.ndarray) -> None:
        self._width, self._known, self._places = width, known, places
        self._made: dict[tuple[int, bytes], int] = {}

    def without_categories(self, tree: Tree, predictor: Any) -> Tree:
        """The tree with splits by category turned into splits on their columns."""
        feature, threshold = tree.feature.copy(), tree.threshold.copy()
        nodes = predictor.nodes
        for at in np.flatnonzero(nodes["is_categorical"] & (nodes["is_leaf"] == 0)):
            column = int(nodes["feature_idx"][at])
            left = _bits(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][at]])
            known = _bits(self._known[self._places[column]])
            aside = bool(nodes["missing_go_to_left"][at])
            goes_left = np.append(np.where(known, left, aside), aside)  # the last: missing, unknown
            key = (column, goes_left.tobytes())
            feature[at] = self._width + self._made.setdefault(key, len(self._made))
            threshold[at] = 0.5
        return replace(tree, feature=feature, threshold=threshold)

    def columns(self, writer: Writer, coded: Parts) -> Parts:
        """The coded columns, and behind them one for each split: 0 where it goes left."""
        added = []
        for column, text in self._made:
            right = ~np.frombuffer(text, dtype=bool)
            (part,) = writer.pick(coded, [column])
            gone = writer("IsNaN", part.name)
            last = np.float32(len(right) - 1)
            code = writer("Where", gone, last, part.name)
            place = writer("Cast", code, to=onnx.TensorProto.INT64)
            table = right.astype(np.float32)
            added.append(Part(writer("Gather", table, place, axis=0), Kind.FLOAT))
        return (*coded, *added)


def _bits(words: np.ndarray) -> np.ndarray:
    """[256] bool of eight words of 32 bits, the lowest first."""
    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8), bitorder="little").astype(bool)
