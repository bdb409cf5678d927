"""The partition: which operators become stages of a pipeline, and which become ML Programs.

The graph is walked once, in order. A node becomes a stage where it has an exact one and nothing
that it reads is still inside a program; else it joins the program that is being collected. The
program is closed, and becomes a stage itself, when a node that only exists as a stage (a tree
ensemble) reads from it, or at the end. So a model without tensor operators has no program at all,
and no stage but a tree ensemble ever follows one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lastmile.errors import NotExportable
from lastmile.exporting.coreml.features import Feature, Form, Vector, raw_vectors
from lastmile.exporting.coreml.mil import PACKED, TENSORS
from lastmile.exporting.coreml.mil.program import Ending, Tail, build_program
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.stages import STAGES
from lastmile.exporting.coreml.stages.shared import NotAStage
from lastmile.exporting.coreml.view import TARGET, Node, View
from lastmile.exporting.signature import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A stage that wants a newer iOS than the first that had Core ML, and why."""

    stage: str
    version: int
    why: str


class Lowering:
    """Stages in the making, the values that they give, and the nodes still to be a program."""

    def __init__(
        self,
        view: View,
        columns: Sequence[Column],
        inputs: Sequence[Feature],
        taken: Iterable[str],
        *,
        packs: bool = False,
    ) -> None:
        self.pipeline = Pipeline([*(feature.name for feature in inputs), *taken])
        self.weights: dict[str, bytes] = {}
        self.needs: list[Need] = []
        self.values: dict[str, Vector | np.ndarray] = dict(view.constants)
        self._view = view
        self._packs = packs
        self._done: set[int] = set()
        self._pending: list[Node] = []
        self._why = "its label and its probabilities are only given there"
        self.values.update(raw_vectors(columns, inputs))

    # --- the walk ----------------------------------------------------------------------------

    def walk(self, targets: Sequence[str]) -> None:
        """Lower every node that `targets` depend on and that is not lowered yet."""
        reading = self._view.reading(tuple(targets)).nodes
        nodes = [node for node in reading if id(node) not in self._done]
        for node in nodes:  # what has no form at all is told before what has none here
            if self._stage_rule(node) is None and self.tensor_rule(node) is None:
                raise node.refuse(TENSORS.reason(node.op))
        for at, node in enumerate(nodes):
            self._place(node, after=nodes[at:], targets=targets)
            self._done.add(id(node))
        for target in targets:
            if not self.has(target) and not self.collects(target):
                raise NotExportable("the graph", target=TARGET, reason=f"nothing makes `{target}`")

    def has(self, value: str) -> bool:
        """Whether `value` stands between stages, or is a constant."""
        return value in self.values

    def collects(self, value: str) -> bool:
        """Whether the program that is being collected will make `value`."""
        return value in self._coming()

    @property
    def is_collecting(self) -> bool:
        """Whether nodes wait to be a program."""
        return bool(self._pending)

    def _stage_rule(self, node: Node) -> Any:
        """How a stage computes the node, if any does."""
        return STAGES.find(node.op, self._view.opsets.get(node.op.domain, 1))

    def tensor_rule(self, node: Node) -> Any:
        """How a program computes the node, if it can."""
        opset = self._view.opsets.get(node.op.domain, 1)
        return TENSORS.find(node.op, opset) or (
            PACKED.find(node.op, opset) if self._packs else None
        )

    def packs(self, node: Node) -> bool:
        """Whether the node is to be packed tensors rather than a stage."""
        return self._packs and node.op in PACKED.ops

    def _coming(self) -> set[str]:
        return {name for node in self._pending for name in node.outputs if name}

    def _place(self, node: Node, *, after: Iterable[Node], targets: Sequence[str]) -> None:
        tensor = self.tensor_rule(node)
        reason = TENSORS.reason(node.op)
        if any(name and not self.has(name) for name in node.inputs):
            for name in set(filter(None, node.inputs)) - self._coming() - self.values.keys():
                raise node.refuse(f"nothing makes its input `{name}`")
            if tensor is not None:
                self._pending.append(node)
                return
            self.close([name for one in after for name in one.inputs] + list(targets))
        stage = self._stage_rule(node)
        if stage is not None and not self.packs(node):
            try:
                with self.pipeline.attempt():
                    self._stage(stage.handle, node)
                return
            except NotAStage as why:
                reason = str(why)
        if tensor is not None and self._has_text(node):
            raise node.refuse("Core ML has texts only to look them up")
        if tensor is None:
            raise node.refuse(reason)
        if not self._pending:
            self._why = (
                f"{node} is exact only there ({reason})" if stage else f"{node} is only there"
            )
        self._pending.append(node)

    def _stage(self, handle: Any, node: Node) -> None:
        inputs = [self.values[name] if name else None for name in node.inputs]
        made = handle(self.pipeline, node, *inputs)
        outputs = made if isinstance(made, tuple) else (made,)
        for name, vector in zip(node.outputs, outputs, strict=False):
            if vector is not None:
                self.values[name] = vector

    def _has_text(self, node: Node) -> bool:
        vectors = [self.values.get(name) for name in node.inputs]
        return any(isinstance(one, Vector) and not one.is_number for one in vectors)

    # --- programs ----------------------------------------------------------------------------

    def close(
        self, read: Iterable[str], *, named: Mapping[str, str] = {}, ending: Ending | None = None
    ) -> None:
        """Make the collected nodes a program whose values in `read` leave it.

        `named` are the arrays that are outputs of the model, by value, with their names.
        """
        made = self._coming()
        leaving = [name for name in dict.fromkeys(read) if name in made]
        entering = [name for node in self._pending for name in node.inputs if name]
        entering += [ending.value] if ending else []
        model, weights, vectors = build_program(
            Tail(
                nodes=tuple(self._pending),
                constants=self._view.constants,
                opsets=self._view.opsets,
                inputs=self._entering(name for name in entering if name not in made),
                outputs={name: named.get(name) or self._exit(name) for name in leaving},
                ending=ending,
            )
        )
        self.values.update(vectors)
        self._pending.clear()
        self._keep_weights(model, weights)
        self.pipeline.add(model, "program")
        stage, version = self.pipeline.names[-1], int(model.specificationVersion)
        self.needs.append(Need(stage=stage, version=version, why=self._why))

    def _exit(self, name: str) -> str:
        """The name of an array that leaves a program: none that the builder gives to an operation.

        The builder calls the fourth concatenation `concat_3`, as a graph may call a value.
        """
        return self.pipeline.fresh(f"tensor_{name}")

    def _entering(self, names: Iterable[str]) -> dict[str, tuple[Vector, Feature]]:
        entering = {}
        for name in dict.fromkeys(names):
            value = self.values.get(name)
            if isinstance(value, Vector):
                if not value.is_number:
                    raise no_text(name)
                entering[name] = (value, self.pipeline.array(value, "numbers", Form.ARRAY32))
        return entering

    def _keep_weights(self, model: Any, weights: bytes) -> None:
        """Each program has a weight file of its own, called after its place in the pipeline."""
        if not weights:
            return
        file = f"{len(self.pipeline.models)}-weight.bin"
        self.weights[file] = weights
        with_weight_file(model, file)


def with_weight_file(model: Any, file: str) -> None:
    """Let every tensor of a program that stands in a weight file stand in the one called `file`."""
    for operation in _operations(model.mlProgram):
        for value in operation.attributes.values():
            if value.HasField("blobFileValue"):
                value.blobFileValue.fileName = f"@model_path/weights/{file}"


def _operations(program: Any) -> Iterable[Any]:
    for function in program.functions.values():
        for block in function.block_specializations.values():
            yield from block.operations


def no_text(value: str) -> NotExportable:
    """The error that a value holds texts where there are only numbers."""
    return NotExportable(
        f"the value `{value}`", target=TARGET, reason="texts only enter as whole columns"
    )
