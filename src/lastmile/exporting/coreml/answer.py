"""What a graph answers: the plumbing between scores and labels, recognised.

ONNX graphs compute the label as a tensor of its own, and texts among them. An ML Program has
neither texts nor 64-bit integers, but it ends in `classify`: the class of the largest score. So
the label's nodes are recognised and dropped, and scores take their place: those that the graph
itself decides by, or zeros with a one at the place of the class.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx

from lastmile.errors import NotExportable
from lastmile.exporting.claims import ML, OpId
from lastmile.exporting.coreml.ensembles import as_classifier
from lastmile.exporting.coreml.view import TARGET, Node, View
from lastmile.exporting.signature import Output

_SAME = {
    OpId("", name) for name in ("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze")
} | {OpId(ML, "ZipMap")}
_LOOK_UPS = {OpId(ML, "ArrayFeatureExtractor"), OpId("", "Gather")}
_CLASSIFIERS = {OpId(ML, name) for name in ("TreeEnsembleClassifier", "LinearClassifier")}
_L1 = OpId(ML, "Normalizer")
_WHERE, _ARGMAX, _ARGMIN = (OpId("", name) for name in ("Where", "ArgMax", "ArgMin"))

Classes = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one label comes about.

    classes: empty for clusters, which are numbered from 0 on. scores: the value whose largest
    element names the class. shares: the probabilities, where the graph has some. classifier: the
    node that gives label and probabilities at once, where it is one. normalized: the graph divides
    that node's scores by their sum.
    """

    classes: Classes
    scores: str
    shares: str | None = None
    classifier: Node | None = None
    normalized: bool = False

    @property
    def together(self) -> bool:
        """Whether the label is the class of the largest probability, so that one step gives both.

        So it is, too, where the graph has no probabilities.
        """
        return self.shares is None or self.shares == self.scores


class Reading:
    """A view, and the nodes that take the place of labels in it."""

    def __init__(self, view: View) -> None:
        self.view = view

    def answer(self, label: Output, shares: str | None) -> Answer:
        """Recognise how the output `label` comes about, and how it goes with `shares`.

        Raises:
            NotExportable: the label is none of a known set of classes.
        """
        source = behind(self.view, label.name)
        maker = self.view.maker(source)
        if maker is not None and maker.op in _CLASSIFIERS and source == maker.outputs[0]:
            return _from_classifier(self.view, maker, shares)
        classes, scores = self._decided(source, maker, label)
        decided = behind(self.view, scores)
        trees = as_classifier(self.view, classes, decided, behind(self.view, shares or scores))
        if trees is not None:
            return Answer(classes=classes, scores=scores, shares=shares, classifier=trees)
        if shares is not None and behind(self.view, shares) == behind(self.view, scores):
            scores = shares
        return Answer(classes=classes, scores=scores, shares=shares)

    def _decided(self, source: str, maker: Node | None, label: Output) -> tuple[Classes, str]:
        """The classes of a label, and the value whose largest element names one."""
        if maker is not None and maker.op in (_ARGMAX, _ARGMIN):
            return label.classes, self._scores(source)
        found = self._looked_up(source)
        if found is not None:
            table, position = found
            if len(set(table)) == len(table):
                return table, self._scores(position, len(table))
            classes: Classes = tuple(sorted(set(table)))
            return classes, self._one_hot(source, classes)
        if label.classes and all(isinstance(one, int) for one in label.classes):
            return label.classes, self._one_hot(source, label.classes)
        raise _refusal("its label is not looked up among the classes")

    def _looked_up(self, source: str) -> tuple[Classes, str] | None:
        """The table that a label is looked up in, and the value that is the position in it.

        A label of its own, for rows that a flag tells, takes a place behind the others.
        """
        maker = self.view.maker(source)
        if maker is not None and maker.op in _LOOK_UPS and maker.inputs[0] in self.view.constants:
            table = np.ravel(self.view.constants[maker.inputs[0]]).tolist()
            return tuple(table), behind(self.view, maker.inputs[1])
        if maker is None or maker.op != _WHERE:
            return None
        flag, special, usual = (behind(self.view, name) for name in maker.inputs)
        inner = self._looked_up(usual)
        if inner is None or special not in self.view.constants:
            return None
        usual_table, position = inner
        own = np.ravel(self.view.constants[special]).tolist()
        if len(own) != 1:
            return None
        place = self._constant(np.array([len(usual_table)]))
        flat = self._node("Reshape", position, self._constant(np.array([1])))
        flag = self._node("Reshape", flag, self._constant(np.array([1])))
        return (*usual_table, own[0]), self._node("Where", flag, place, flat)

    def _scores(self, position: str, count: int = 0) -> str:
        """The value whose largest element stands at `position`."""
        maker = self.view.maker(position)
        if maker is not None and maker.attr("axis", 0) != 0:
            if maker.op == _ARGMAX:
                return maker.inputs[0]
            if maker.op == _ARGMIN:
                return self._node("Neg", maker.inputs[0])
        if not count:
            raise _refusal("its label is not the place of the largest score")
        return self._one_hot(position, tuple(range(count)))

    def _one_hot(self, value: str, classes: Classes) -> str:
        """Zeros with a one where `classes` has what `value` says: [1, K]."""
        flat = self._node("Reshape", value, self._constant(np.array([1, 1])))
        whole = self._node("Cast", flat, to=onnx.TensorProto.INT64)
        on = self._node("Equal", whole, self._constant(np.array([classes], dtype=np.int64)))
        return self._node("Cast", on, to=onnx.TensorProto.FLOAT)

    def _node(self, type_: str, *inputs: str, **attrs: Any) -> str:
        name = self._fresh()
        node = Node(op=OpId("", type_), name=name, inputs=inputs, outputs=(name,), attrs=attrs)
        self.view = replace(self.view, nodes=(*self.view.nodes, node))
        return name

    def _constant(self, value: np.ndarray) -> str:
        name = self._fresh()
        self.view = replace(self.view, constants={**self.view.constants, name: value})
        return name

    def _fresh(self) -> str:
        made = {name for node in self.view.nodes for name in node.outputs}
        number = len(self.view.nodes) + len(self.view.constants)
        while f"decision_{number}" in made or f"decision_{number}" in self.view.constants:
            number += 1
        return f"decision_{number}"


def _from_classifier(view: View, node: Node, shares: str | None) -> Answer:
    texts, numbers = (
        node.attr("classlabels_strings"),
        (node.attr("classlabels_int64s") or node.attr("classlabels_ints")),
    )
    classes = tuple(texts or numbers or ())
    if len(classes) < 2:
        raise node.refuse("it has fewer than two classes")
    if shares is None:
        return Answer(classes=classes, scores=node.outputs[1], classifier=node)
    source = behind(view, shares)
    normalizer = view.maker(source)
    normalized = normalizer is not None and normalizer.op == _L1 and normalizer.attr("norm") == "L1"
    if normalized and normalizer is not None:
        source = behind(view, normalizer.inputs[0])
    if source != node.outputs[1]:
        return Answer(classes=classes, scores=node.outputs[1], shares=shares)
    return Answer(
        classes=classes, scores=shares, shares=shares, classifier=node, normalized=normalized
    )


def behind(view: View, value: str) -> str:
    """The value that `value` is a copy of."""
    maker = view.maker(value)
    while maker is not None and maker.op in _SAME:
        value = maker.inputs[0]
        maker = view.maker(value)
    return value


def _refusal(reason: str) -> NotExportable:
    return NotExportable("the classifier", target=TARGET, reason=reason)
