"""The ONNX form of an estimator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd

from lastmile.atomic import write_bytes
from lastmile.errors import RowsRefused
from lastmile.exporting.onnx.assembly import model_of
from lastmile.exporting.onnx.rewrites.draft import Draft
from lastmile.exporting.onnx.sessions import answers_of, first_line, open_session
from lastmile.exporting.onnx.weights import Narrowed
from lastmile.exporting.signature import Signature

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
"""The operator sets that every build of ONNX Runtime has."""


@dataclass(frozen=True, slots=True)
class Graph:
    """An ONNX model with the signature that it answers to.

    `steps` tell for which step of the pipeline a value is computed, where that is known; a file
    does not say so. `draft`, where it is known, are the nodes before any rewrite. `narrowed` tells
    which weights are stored in fewer bits.
    """

    proto: onnx.ModelProto
    signature: Signature
    steps: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    draft: Draft | None = field(default=None, repr=False, compare=False)
    narrowed: Narrowed | None = field(default=None, compare=False)
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def unrewritten(self) -> onnx.ModelProto:
        """The model before any rewrite: other targets are lowered from that."""
        return self.proto if self.draft is None else model_of(self.draft, self.signature)

    @property
    def size(self) -> int:
        """Bytes of the file that :meth:`save` writes."""
        return int(self.proto.ByteSize())

    def serialized(self) -> bytes:
        """The model as :meth:`save` writes it."""
        return bytes(self.proto.SerializeToString(deterministic=True))

    def save(self, path: str | Path) -> None:
        """Write the model as one file, whole or not at all; one that stands there is replaced.

        Folders on the way are made. ONNX Runtime on a phone reads the file as it is; what its
        inputs and outputs are stands in :attr:`signature` (`signature.to_dict()` for JSON).

        Raises:
            NotWritable: the place may not be written, or is a folder.
        """
        write_bytes(Path(path).absolute(), self.serialized())

    def run(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """The answers of ONNX Runtime to raw rows: CPU, one thread.

        `frame` has the columns of the signature by their own names, in any order; others are not
        looked at. How a value is written down, and what stands for a missing one, is told by
        :meth:`lastmile.exporting.signature.Signature.feeds`.

        Returns by output name, with N rows in the order of `frame`: `label` [N] i64 or `str`,
        `probabilities` [N, K] f32 in the order of the signature's classes, `score` [N, width] f32,
        `value` [N, width] f32. No rows give arrays of length 0.

        Raises:
            SampleLacksColumn: the frame has not all columns.
            RowsRefused: a value has no place in its column, or the runtime refuses the rows.
            Faults: several of these, all at once.
        """
        return answers_of(self._session(), self.signature, frame)

    def _session(self) -> Any:
        if "session" not in self._kept:
            self._kept["session"] = open_session(self.proto)
        return self._kept["session"]


def load_graph(path: Path, signature: Signature) -> Graph:
    """The graph that :meth:`Graph.save` wrote, checked before anything runs it.

    Raises:
        RowsRefused: not a model, or one with parts outside of its file or of the standard.
    """
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(path.read_bytes())
        demand_plain(proto)
    except Exception as error:
        raise RowsRefused(
            f"{path.name} is not a sound ONNX model: {first_line(error)}", fix="export it again"
        ) from error
    _demand_interface(proto, signature, path.name)
    return Graph(proto, signature)


def demand_plain(proto: onnx.ModelProto) -> None:
    """Raise `ValueError` unless the model is whole, checked, and made of standard operators."""
    outside = {imported.domain for imported in proto.opset_import} - DOMAINS
    outside |= {node.domain for node in proto.graph.node} - DOMAINS
    if outside or proto.functions:
        raise ValueError(f"it uses operators of {', '.join(sorted(outside)) or 'its own'}")
    tensors = [*proto.graph.initializer]
    tensors += [attribute.t for node in proto.graph.node for attribute in node.attribute]
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in tensors):
        raise ValueError("it keeps data in other files")
    onnx.checker.check_model(proto)


def _demand_interface(proto: onnx.ModelProto, signature: Signature, name: str) -> None:
    inputs = {value.name for value in proto.graph.input}
    outputs = {value.name for value in proto.graph.output}
    if inputs != {column.identifier for column in signature.columns} or not (
        {output.name for output in signature.outputs} <= outputs
    ):
        raise RowsRefused(f"{name} does not have the inputs and outputs of the signature")
