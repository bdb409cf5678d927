"""How a model ends: labels with their probabilities, and numbers.

One label that is the class of the largest probability is the end of a classifier, a stage of its
own where Core ML has it. Everything else comes out of programs: `classify` gives a label and a
dictionary, so a label that is decided by other numbers than its probabilities, and each of several
labels, has a `classify` of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lastmile.errors import NotExportable
from lastmile.exporting.coreml.answer import Answer, Reading
from lastmile.exporting.coreml.features import Feature, Form, Vector, entrances
from lastmile.exporting.coreml.lowering import Lowering, Need, no_text
from lastmile.exporting.coreml.mil.program import Ending
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.stages.final import Names, classifier_stage
from lastmile.exporting.coreml.stages.shared import NotAStage
from lastmile.exporting.coreml.view import TARGET, View
from lastmile.exporting.signature import Output, Signature, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """The stages of a model, its outputs, and the weight files of its programs."""

    pipeline: Pipeline
    inputs: tuple[Feature, ...]
    outputs: tuple[Feature, ...]
    weights: dict[str, bytes]
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One label of the model: how it comes about, and what it and its dictionary are called.

    `probabilities` is empty where the model does not give a dictionary for it.
    """

    answer: Answer
    label: str
    probabilities: str


def lower(
    view: View, signature: Signature, *, vector: bool = False, packs: bool = False
) -> Lowered:
    """The stages that answer as the graph does.

    With `vector` they read one array of all columns; with `packs` trees are tensors of a program.

    Raises:
        NotExportable: a node has no exact form in Core ML.
    """
    reading = Reading(view)
    decisions = [
        _decision(reading, signature, one) for one in signature.outputs if one.role == "label"
    ]
    numbers = [one for one in signature.outputs if one.role in ("value", "score")]
    taken = [one.name for one in signature.outputs]
    if is_classifier(signature):
        taken.append("probabilities")
    inputs = entrances(signature.columns, vector=vector)
    lowering = Lowering(reading.view, signature.columns, inputs, taken, packs=packs)
    outputs = _End(lowering, decisions, numbers).outputs()
    return Lowered(
        pipeline=lowering.pipeline,
        inputs=inputs,
        outputs=outputs,
        weights=lowering.weights,
        needs=tuple(lowering.needs),
    )


def is_classifier(signature: Signature) -> bool:
    """Whether the model has the interface of a classifier: one label of known classes."""
    labels = [one for one in signature.outputs if one.role == "label"]
    return signature.task is Task.CLASSIFY and len(labels) == 1


def _decision(reading: Reading, signature: Signature, label: Output) -> Decision:
    """The interface of a classifier has a dictionary even where the graph gives scores only."""
    shares = label.name.replace("label", "probabilities", 1)
    known = signature.output(shares) is not None
    answer = reading.answer(label, shares if known else None)
    return Decision(answer, label.name, shares if known or is_classifier(signature) else "")


class _End:
    """What is left to do when it is known what a model gives."""

    def __init__(
        self, lowering: Lowering, decisions: list[Decision], numbers: list[Output]
    ) -> None:
        self.lowering = lowering
        self._decisions = decisions
        self._numbers = [one.name for one in numbers]
        self._named = {one.name: one.name for one in numbers if one.width > 1}
        self._labels: dict[str, Feature] = {}

    def outputs(self) -> tuple[Feature, ...]:
        """End the pipeline, and tell its outputs in the order of the signature."""
        if not self._ends_in_stage():
            self._end_in_programs()
        found = [one for decision in self._decisions for one in self._of(decision)]
        return (*found, *(self._number(name) for name in self._numbers))

    def _of(self, decision: Decision) -> Iterator[Feature]:
        yield self._labels[decision.label]
        if decision.probabilities:
            yield self._labels[decision.probabilities]

    def _keep(self, names: Names, classes: tuple[str | int, ...]) -> None:
        for feature in names.interface(classes or (0,)):
            self._labels[feature.name] = feature

    # --- a classifier of Core ML's own -------------------------------------------------------

    def _ends_in_stage(self) -> bool:
        """Whether the model could end in a classifier that is a stage; then it does."""
        if len(self._decisions) != 1:
            return False
        decision = self._decisions[0]
        node, lowering = decision.answer.classifier, self.lowering
        if node is None or not decision.probabilities or lowering.packs(node):
            return False
        entrance, tensor = node.inputs[0], lowering.tensor_rule(node)
        lowering.walk([entrance, *self._numbers])
        if lowering.is_collecting:
            if tensor is not None:
                return False
            lowering.close([entrance, *self._numbers], named=self._named)
        names = Names(decision.label, decision.probabilities)
        try:
            with lowering.pipeline.attempt():
                classifier_stage(
                    lowering.pipeline, decision.answer, lowering.values[entrance], names
                )
        except NotAStage as why:
            if tensor is None:
                raise node.refuse(str(why)) from why
            return False
        self._keep(names, decision.answer.classes)
        return True

    # --- programs ----------------------------------------------------------------------------

    def _end_in_programs(self) -> None:
        endings = [one for decision in self._decisions for one in self._endings(decision)]
        wanted = [*(one.value for one in endings), *self._numbers]
        self.lowering.walk(wanted)
        for at, ending in enumerate(endings):
            later = [one.value for one in endings[at + 1 :]]
            self.lowering.close([*later, *self._numbers], named=self._named, ending=ending)
            self._keep(ending.names, ending.classes)
        if self.lowering.is_collecting:
            self.lowering.close(wanted, named=self._named)

    def _endings(self, decision: Decision) -> Iterator[Ending]:
        answer, fresh = decision.answer, self.lowering.pipeline.fresh
        shares = decision.probabilities or fresh(f"{decision.label}_scores")
        if not answer.together:
            assert answer.shares is not None
            likely = Names(fresh(f"{decision.label}_most_probable"), shares)
            yield Ending(value=answer.shares, classes=answer.classes, names=likely)
            shares = fresh(f"{decision.label}_decision")
        names = Names(decision.label, shares)
        yield Ending(value=answer.scores, classes=answer.classes, names=names)

    # --- numbers -----------------------------------------------------------------------------

    def _number(self, name: str) -> Feature:
        """The value `name` as an output: a number where it is one, else an array."""
        vector: Any = self.lowering.values[name]
        pipeline = self.lowering.pipeline
        if not isinstance(vector, Vector):
            raise NotExportable("the graph", target=TARGET, reason="its output is a constant")
        if not vector.is_number:
            raise no_text(name)
        if vector.width == 1 and vector.parts[0].form.is_array:
            made = Feature(name, Form.DOUBLE)
            message = pipeline.stage("arrayFeatureExtractor", vector.parts, [made])
            message.extractIndex.append(0)
            return made
        only = vector.parts[0] if len(vector.parts) == 1 else pipeline.array(vector, "values")
        made = Feature(name, only.form, only.width)
        alone = len(self._numbers) == 1 and not self._decisions
        if only != made and not (alone and pipeline.rename_last(only, made)):
            pipeline.stage("identity", [only], [made])
        return made
