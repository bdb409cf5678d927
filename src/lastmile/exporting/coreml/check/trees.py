"""Tree ensembles: nodes that are trees, features that exist, leaves that add to a score."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lastmile.exporting.coreml.check.fault import Rule, classes_of, kind_of, width_in
from lastmile.exporting.coreml.nodes import NotTrees, link, read_nodes

_KINDS = ("treeEnsembleClassifier", "treeEnsembleRegressor")
_TRANSFORMS = (0, 1, 2, 3)
_MOST_SCORES = 100_000


def trees(model: Any) -> Iterator[str]:
    """The nodes are trees, and what each holds is in range."""
    nodes = read_nodes(_ensemble(model))
    try:
        link(nodes)
    except NotTrees as error:
        yield str(error)
        return
    inner, leaf = nodes.inner, ~nodes.inner
    width = width_in(model)
    if width is not None and (nodes.feature[inner] >= width).any():
        yield "a branch on a feature that does not exist"
    if not np.isfinite(nodes.threshold[inner]).all():
        yield "a threshold that is not a finite number"
    if not np.isfinite(nodes.value).all():
        yield "a leaf that adds no finite number"
    if (nodes.score >= _ensemble(model).numPredictionDimensions).any():
        yield "a leaf that adds to a score that does not exist"
    adds = np.bincount(nodes.leaf, minlength=len(inner))
    if (adds[leaf] == 0).any():
        yield "a leaf that adds nothing"
    pairs = np.stack([nodes.leaf, nodes.score], axis=1)
    if len(np.unique(pairs, axis=0)) < len(pairs):
        yield "a leaf that adds to one score twice"


def _ensemble(model: Any) -> Any:
    return getattr(model, kind_of(model)).treeEnsemble


def base_values(model: Any) -> Iterator[str]:
    """There are no base values, or one for each score, and they are finite."""
    base = _ensemble(model).basePredictionValue
    if len(base) not in (0, _ensemble(model).numPredictionDimensions):
        yield "the base values are not one for each score"
    if not np.isfinite(base).all():
        yield "a base value that is not a finite number"


def scores(model: Any) -> Iterator[str]:
    """There are as many scores as classes, or one for two classes."""
    count = _ensemble(model).numPredictionDimensions
    if not 0 < count <= _MOST_SCORES:
        yield f"an impossible number of scores: {count}"
        return
    if kind_of(model) == "treeEnsembleClassifier":
        classes = len(classes_of(model))
        with_zero = model.treeEnsembleClassifier.postEvaluationTransform == 3
        if count + with_zero != classes and (classes, count) != (2, 1):
            yield f"{count} scores for {classes} classes"


def transform(model: Any) -> Iterator[str]:
    """The transform of the scores is one that there is."""
    if getattr(model, kind_of(model)).postEvaluationTransform not in _TRANSFORMS:
        yield "a transform that does not exist"


# a broken tree contradicts itself, but the evaluator, which reads the nodes anyway, says so too
RULES = (
    Rule("trees", trees, "coremltools: TreeEnsembleCommon; feature and threshold not validated",
         _KINDS, contradicts=False),
    Rule("base_values", base_values, "coremltools: TreeEnsembleCommon", _KINDS),
    Rule("scores", scores, "coremltools: TreeEnsembleCommon", _KINDS),
    Rule("transform", transform, "TreeEnsemble.proto", _KINDS),
)  # fmt: skip
