"""`TreeEnsemble` of `ai.onnx.ml` 5 as the older operators, which Core ML's own trees resemble.

The newer operator only adds up: base values, classes and a function behind the sum are nodes of
their own around it. Here they are recognised, so that one Core ML stage says it all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lastmile.exporting.claims import ML, OpId
from lastmile.exporting.coreml.view import Node, View
from lastmile.exporting.onnx.trees.operators import in_old_form

_NEW = OpId(ML, "TreeEnsemble")
_REGRESSOR = OpId(ML, "TreeEnsembleRegressor")
_CLASSIFIER = OpId(ML, "TreeEnsembleClassifier")


def as_regressors(view: View) -> View:
    """The view with every `TreeEnsemble` as a `TreeEnsembleRegressor`.

    A constant that is added to its sums, and to nothing else, becomes its base values.
    """
    nodes = [
        replace(node, op=_REGRESSOR, attrs=in_old_form(node.attrs)) if node.op == _NEW else node
        for node in view.nodes
    ]
    readers: dict[str, list[Node]] = {}
    for node in nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
    based: list[Node] = []
    gone: set[int] = set()
    for node in nodes:
        if id(node) in gone:
            continue
        reading = readers.get(node.outputs[0], [])
        if node.op == _REGRESSOR and len(reading) == 1:
            base = _added(reading[0], node, view.constants)
            if base is not None:
                gone.add(id(reading[0]))
                attrs = {**node.attrs, "base_values": base.tolist()}
                node = replace(node, outputs=reading[0].outputs, attrs=attrs)
        based.append(node)
    return replace(view, nodes=tuple(based))


def _added(node: Node, trees: Node, constants: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """What `node` adds to the sums of `trees`, if it does no more than that."""
    if node.op != OpId("", "Add") or node.inputs[0] != trees.outputs[0]:
        return None
    base = constants.get(node.inputs[1])
    if base is None or base.size != trees.attr("n_targets", 1) or "base_values" in trees.attrs:
        return None
    return base.ravel().astype(np.float64)


def as_classifier(
    view: View, classes: Sequence[str | int], decided: str, shares: str
) -> Node | None:
    """One classifier that gives the class of the largest of `decided`, and `shares`, if trees do.

    decided: the value whose largest element names the class. shares: the probabilities.
    """
    for transform, score in _scores(view, decided, shares):
        trees = view.maker(score)
        if trees is None or trees.op != _REGRESSOR or trees.attr("n_targets") != _width(classes):
            continue
        if trees.attr("aggregate_function") != "SUM" or trees.attr("post_transform") != "NONE":
            continue
        return replace(
            trees, op=_CLASSIFIER, outputs=("", shares), attrs=_named(trees, classes, transform)
        )
    return None


def _width(classes: Sequence[str | int]) -> int:
    return 1 if len(classes) == 2 else len(classes)


def _scores(view: View, decided: str, shares: str) -> list[tuple[str, str]]:
    """The function and the sums that might stand behind a decision and probabilities."""
    maker, function = view.maker(decided), view.maker(shares)
    if decided == shares:
        first = view.maker(maker.inputs[0]) if maker and maker.op == OpId("", "Concat") else None
        if maker and first and first.op == OpId("", "Sub") and _one(view, first.inputs[0]):
            return [("NONE", maker.inputs[1])] if first.inputs[1] == maker.inputs[1] else []
        return [("NONE", decided)]
    if function is None or function.inputs[0] != decided:
        return []
    if function.op == OpId("", "Softmax") and function.attr("axis", -1) in (1, -1):
        return [("SOFTMAX", decided)]
    if function.op == OpId("", "Sigmoid") and maker and maker.op == OpId("", "Concat"):
        first = view.maker(maker.inputs[0])
        if first and first.op == OpId("", "Neg") and first.inputs[0] == maker.inputs[1]:
            return [("LOGISTIC", maker.inputs[1])]
    return []


def _one(view: View, name: str) -> bool:
    value = view.constants.get(name)
    return value is not None and value.size == 1 and float(value.ravel()[0]) == 1.0


def _named(trees: Node, classes: Sequence[str | int], transform: str) -> dict[str, object]:
    attrs = {
        name.replace("target_", "class_"): value
        for name, value in trees.attrs.items()
        if name not in ("n_targets", "aggregate_function")
    }
    texts = isinstance(classes[0], str)
    attrs["classlabels_strings" if texts else "classlabels_int64s"] = list(classes)
    return {**attrs, "post_transform": transform}
