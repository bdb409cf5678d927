"""The classifiers that a pipeline may end in: a label, and a dictionary of probabilities."""

from dataclasses import dataclass
from typing import Any

from lastmile.exporting.claims import ML, OpId
from lastmile.exporting.coreml.answer import Answer
from lastmile.exporting.coreml.features import Feature, Form, Vector
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.stages.linear import read_linear
from lastmile.exporting.coreml.stages.shared import need, need_row
from lastmile.exporting.coreml.stages.trees import fill_trees, read_classifier


@dataclass(frozen=True, slots=True)
class Names:
    """What the two outputs of a classifier are called."""

    label: str
    probabilities: str

    def interface(self, classes: tuple[str | int, ...]) -> tuple[Feature, Feature]:
        """The two outputs of a classifier of these classes."""
        text = isinstance(classes[0], str)
        return (
            Feature(self.label, Form.STRING if text else Form.INT64),
            Feature(self.probabilities, Form.STRING_KEYS if text else Form.INT64_KEYS),
        )


def write_classes(message: Any, classes: tuple[str | int, ...]) -> None:
    """Write the class labels into a classifier's message."""
    text = isinstance(classes[0], str)
    (message.stringClassLabels if text else message.int64ClassLabels).vector.extend(classes)


def classifier_stage(pipeline: Pipeline, answer: Answer, x: Any, names: Names) -> None:
    """End the pipeline in the classifier that `answer` names, reading `x`.

    Raises:
        NotAStage: this classifier has no exact stage.
    """
    node = answer.classifier
    assert node is not None
    need(node.op in FINAL, f"{node.op} is no classifier of Core ML")
    need_row(x)
    FINAL[node.op](pipeline, answer, x, names)


def _forest(pipeline: Pipeline, answer: Answer, x: Vector, names: Names) -> None:
    assert answer.classifier is not None
    forest, transform = read_classifier(answer.classifier)
    features = pipeline.array(x, "features")
    message = pipeline.stage(
        "treeEnsembleClassifier", [features], names.interface(answer.classes), name="forest"
    )
    fill_trees(message, forest, transform)
    write_classes(message, answer.classes)


def _linear(pipeline: Pipeline, answer: Answer, x: Vector, names: Names) -> None:
    assert answer.classifier is not None
    model = read_linear(
        answer.classifier,
        x.width,
        normalized=answer.normalized,
        with_probabilities=answer.shares is not None,
    )
    features = pipeline.array(x, "features")
    message = pipeline.stage(
        "glmClassifier", [features], names.interface(answer.classes), name="linear classifier"
    )
    model.fill(message)
    write_classes(message, answer.classes)


FINAL = {OpId(ML, "TreeEnsembleClassifier"): _forest, OpId(ML, "LinearClassifier"): _linear}
