"""The partition: which operators become stages of a pipeline, and which become ML Programs.

The graph is walked once, in order. A node becomes a stage where it has an exact one and nothing
that it reads is still inside a program; else it joins the program that is being collected. The
program is closed, and becomes a stage itself, when a node that only exists as a stage (a tree
ensemble) reads from it, or at the end. So a model without tensor operators has no program at all,
and no stage but a tree ensemble ever follows one.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from lastmile.errors import NotExportable
from lastmile.exporting.coreml.answer import Answer, read_answer
from lastmile.exporting.coreml.features import Feature, Form, Vector, raw_vector
from lastmile.exporting.coreml.mil import TENSORS
from lastmile.exporting.coreml.mil.program import Tail, build_program
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.stages import STAGES
from lastmile.exporting.coreml.stages.final import classifier_stage, interface
from lastmile.exporting.coreml.stages.shared import NotAStage
from lastmile.exporting.coreml.view import TARGET, Node, View
from lastmile.exporting.signature import Signature, Task


class Lowered:
    """The stages of a model, its outputs, and the weight files of its programs."""

    def __init__(self, signature: Signature, view: View) -> None:
        self.pipeline = Pipeline([column.identifier for column in signature.columns] + _OUTPUTS)
        self.weights: dict[str, bytes] = {}
        self.outputs: tuple[Feature, ...] = ()
        value = signature.output("value")
        self._wide = value is not None and value.width > 1
        self._view = view
        self._done: set[int] = set()
        self._pending: list[Node] = []
        self._values: dict[str, Vector | np.ndarray] = dict(view.constants)
        for column in signature.columns:
            self._values[column.identifier] = raw_vector(column)

    # --- the walk ----------------------------------------------------------------------------

    def walk(self, target: str) -> None:
        """Lower every node that `target` depends on and that is not lowered yet."""
        nodes = [node for node in self._view.reading((target,)).nodes if id(node) not in self._done]
        for at, node in enumerate(nodes):
            self._place(node, after=nodes[at:], target=target)
            self._done.add(id(node))
        if target not in self._values and target not in self._coming():
            raise NotExportable("the graph", target=TARGET, reason=f"nothing makes `{target}`")

    def _coming(self) -> set[str]:
        """The values that the collected nodes will make."""
        return {name for node in self._pending for name in node.outputs if name}

    def _place(self, node: Node, *, after: Iterable[Node], target: str) -> None:
        opset = self._view.opsets.get(node.op.domain, 1)
        tensor = TENSORS.find(node.op, opset)
        reason = TENSORS.reason(node.op)
        if self._waits(node.inputs):
            for name in set(filter(None, node.inputs)) - self._coming() - self._values.keys():
                raise node.refuse(f"nothing makes its input `{name}`")
            if tensor is not None:
                self._pending.append(node)
                return
            self.close(self._read_later(after, target))
        stage = STAGES.find(node.op, opset)
        if stage is not None:
            try:
                with self.pipeline.attempt():
                    self._stage(stage.handle, node)
                return
            except NotAStage as why:
                reason = str(why)
        if tensor is None or self._has_text(node):
            raise node.refuse(reason)
        self._pending.append(node)

    def _stage(self, handle: Any, node: Node) -> None:
        inputs = [self._values[name] if name else None for name in node.inputs]
        made = handle(self.pipeline, node, *inputs)
        outputs = made if isinstance(made, tuple) else (made,)
        for name, vector in zip(node.outputs, outputs, strict=False):
            if vector is not None:
                self._values[name] = vector

    def _waits(self, names: Iterable[str]) -> bool:
        return any(name and name not in self._values for name in names)

    def _has_text(self, node: Node) -> bool:
        vectors = [self._values.get(name) for name in node.inputs]
        return any(
            isinstance(one, Vector) and any(not part.form.is_number for part in one.parts)
            for one in vectors
        )

    def _read_later(self, nodes: Iterable[Node], target: str) -> list[str]:
        return [name for node in nodes for name in node.inputs] + [target]

    # --- programs ----------------------------------------------------------------------------

    def close(
        self,
        read: Iterable[str],
        *,
        final: str = "",
        scores: str | None = None,
        classes: tuple[str | int, ...] = (),
    ) -> None:
        """Make the collected nodes a program whose values in `read` leave it.

        `final` is the value that is the model's own output. With `scores` the program ends in the
        label and the probabilities of `classes`.
        """
        made = self._coming()
        leaving = [name for name in dict.fromkeys(read) if name in made]
        model, weights, vectors = build_program(
            Tail(
                nodes=tuple(self._pending),
                constants=self._view.constants,
                opsets=self._view.opsets,
                inputs=self._entering([*self._read_now(made), *([scores] if scores else [])]),
                outputs={name: self._exit(name, final) for name in leaving},
                classify=scores,
                classes=classes,
            )
        )
        self._values.update(vectors)
        self._pending.clear()
        self._keep_weights(model, weights)
        self.pipeline.add(model, "program")

    def _exit(self, name: str, final: str) -> str:
        """The name of an array that leaves a program.

        A single number leaves the model as a number, by one more stage, so its array is not yet
        the output.
        """
        return "value" if name == final and self._wide else self.pipeline.fresh(name)

    def _read_now(self, made: set[str]) -> list[str]:
        names = [name for node in self._pending for name in node.inputs if name]
        return [name for name in dict.fromkeys(names) if name not in made]

    def _entering(self, names: Iterable[str]) -> dict[str, tuple[Vector, Feature]]:
        entering = {}
        for name in names:
            value = self._values.get(name)
            if isinstance(value, Vector):
                if any(not part.form.is_number for part in value.parts):
                    raise _no_text(name)
                entering[name] = (value, self.pipeline.array(value, "numbers", Form.ARRAY32))
        return entering

    def _keep_weights(self, model: Any, weights: bytes) -> None:
        """Each program has a weight file of its own, called after its place in the pipeline."""
        if not weights:
            return
        file = f"{len(self.pipeline.models)}-weight.bin"
        self.weights[file] = weights
        for operation in _operations(model.mlProgram):
            for value in operation.attributes.values():
                if value.HasField("blobFileValue"):
                    value.blobFileValue.fileName = f"@model_path/weights/{file}"

    # --- the end -----------------------------------------------------------------------------

    def classify(self, answer: Answer) -> None:
        """End in a label and probabilities: a classifier stage, else a program."""
        self.outputs = interface(answer.classes)
        if answer.classifier is None or not self._ends_in_stage(answer.classifier, answer):
            self.walk(answer.wanted)
            self.close((), scores=answer.wanted, classes=answer.classes)

    def _ends_in_stage(self, node: Node, answer: Answer) -> bool:
        entrance = node.inputs[0]
        self.walk(entrance)
        tensor = TENSORS.find(node.op, self._view.opsets.get(node.op.domain, 1))
        if self._waits((entrance,)):
            if tensor is not None:
                return False
            self.close([entrance])
        try:
            with self.pipeline.attempt():
                classifier_stage(self.pipeline, answer, self._values[entrance])
            return True
        except NotAStage as why:
            if tensor is None:
                raise node.refuse(str(why)) from why
            return False

    def give(self, target: str) -> None:
        """End in the value `target`: a number where it is one, else an array."""
        self.walk(target)
        if self._waits((target,)):
            self.close([target], final=target)
        vector = self._values[target]
        if not isinstance(vector, Vector):
            raise NotExportable("the graph", target=TARGET, reason="its output is a constant")
        self.outputs = (self._named(vector),)

    def _named(self, vector: Vector) -> Feature:
        """The vector as the feature `value`."""
        if not all(part.form.is_number for part in vector.parts):
            raise _no_text("value")
        if vector.width == 1 and vector.parts[0].form.is_array:
            made = Feature("value", Form.DOUBLE)
            message = self.pipeline.stage("arrayFeatureExtractor", vector.parts, [made])
            message.extractIndex.append(0)
            return made
        only = vector.parts[0] if len(vector.parts) == 1 else self.pipeline.array(vector, "values")
        made = Feature("value", only.form, only.width)
        if only != made and not self.pipeline.rename_last(only, made):
            self.pipeline.stage("identity", [only], [made])
        return made


_OUTPUTS = ["label", "probabilities", "value"]


def lower(view: View, signature: Signature) -> Lowered:
    """The stages that answer as the graph does.

    Raises:
        NotExportable: a node has no exact form in Core ML.
    """
    lowered = Lowered(signature, view)
    if signature.task is Task.CLASSIFY:
        probabilities = "probabilities" if signature.output("probabilities") else None
        lowered.classify(read_answer(view, "label", probabilities))
    else:
        lowered.give("value")
    return lowered


def _operations(program: Any) -> Iterable[Any]:
    for function in program.functions.values():
        for block in function.block_specializations.values():
            yield from block.operations


def _no_text(value: str) -> NotExportable:
    return NotExportable(
        f"the value `{value}`", target=TARGET, reason="texts only enter as whole columns"
    )
