"""What a graph answers: the plumbing between scores and labels, recognised.

ONNX graphs compute the label as a tensor of its own; Core ML's classifiers and the `classify`
operation give label and probabilities together. So the label's nodes are recognised and dropped.
"""

from dataclasses import dataclass

import numpy as np

from lastmile.errors import NotExportable
from lastmile.exporting.claims import ML, OpId
from lastmile.exporting.coreml.ensembles import as_classifier
from lastmile.exporting.coreml.view import TARGET, Node, View

_SAME = {
    OpId("", name) for name in ("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze")
}
_LOOK_UPS = {OpId(ML, "ArrayFeatureExtractor"), OpId("", "Gather")}
_CLASSIFIERS = {OpId(ML, name) for name in ("TreeEnsembleClassifier", "LinearClassifier")}
_L1 = OpId(ML, "Normalizer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a classifier's label comes about.

    scores: the value whose largest element names the class; none where the graph has no
    probabilities among its outputs. classifier: the node that gives label and scores at once,
    where it is one. normalized: the graph divides that node's scores by their sum.
    """

    classes: tuple[str | int, ...]
    scores: str | None
    classifier: Node | None = None
    normalized: bool = False

    @property
    def wanted(self) -> str:
        """The value to compute: the scores, or those that the classifier itself decides by."""
        if self.scores is not None:
            return self.scores
        assert self.classifier is not None
        return self.classifier.outputs[1]


def read_answer(view: View, label: str, probabilities: str | None) -> Answer:
    """Recognise how the output `label` comes from the output `probabilities`.

    Raises:
        NotExportable: the label is not the class of the largest probability.
    """
    source = _behind(view, label)
    maker = view.maker(source)
    if maker is not None and maker.op in _CLASSIFIERS and source == maker.outputs[0]:
        return _from_classifier(view, maker, probabilities)
    if maker is not None and maker.op in _LOOK_UPS and maker.inputs[0] in view.constants:
        return _from_look_up(view, maker, probabilities)
    raise _refusal("its label is not looked up among the classes")


def _from_classifier(view: View, node: Node, probabilities: str | None) -> Answer:
    texts, numbers = (
        node.attr("classlabels_strings"),
        (node.attr("classlabels_int64s") or node.attr("classlabels_ints")),
    )
    classes = tuple(texts or numbers or ())
    if len(classes) < 2:
        raise node.refuse("it has fewer than two classes")
    if probabilities is None:
        return Answer(classes=classes, scores=None, classifier=node)
    source = _behind(view, probabilities)
    normalizer = view.maker(source)
    normalized = normalizer is not None and normalizer.op == _L1 and normalizer.attr("norm") == "L1"
    if normalized and normalizer is not None:
        source = _behind(view, normalizer.inputs[0])
    if source != node.outputs[1]:
        raise _refusal("its label does not come from the probabilities")
    return Answer(classes=classes, scores=probabilities, classifier=node, normalized=normalized)


def _from_look_up(view: View, node: Node, probabilities: str | None) -> Answer:
    classes = tuple(np.ravel(view.constants[node.inputs[0]]).tolist())
    position = view.maker(_behind(view, node.inputs[1]))
    if position is None or position.op != OpId("", "ArgMax") or position.attr("axis", 0) == 0:
        raise _refusal("its label is not the class of the largest score")
    scores = position.inputs[0]
    shares = _behind(view, probabilities or scores)
    if trees := as_classifier(view, classes, _behind(view, scores), shares):
        return Answer(classes=classes, scores=probabilities, classifier=trees)
    if probabilities is not None and _behind(view, scores) != _behind(view, probabilities):
        raise _refusal("its label is decided by other numbers than the probabilities")
    return Answer(classes=classes, scores=scores)


def _behind(view: View, value: str) -> str:
    """The value that `value` is a copy of."""
    maker = view.maker(value)
    while maker is not None and maker.op in _SAME:
        value = maker.inputs[0]
        maker = view.maker(value)
    return value


def _refusal(reason: str) -> NotExportable:
    return NotExportable("the classifier", target=TARGET, reason=reason)
