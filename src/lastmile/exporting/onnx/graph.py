"""The ONNX form of an estimator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd

from lastmile.errors import NotWritable, RowsRefused
from lastmile.exporting.onnx.runtime import demand_sound_runtime
from lastmile.exporting.signature import Kind, Output, Signature

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
"""The operator sets that every build of ONNX Runtime has."""


@dataclass(frozen=True, slots=True)
class Graph:
    """An ONNX model with the signature that it answers to.

    `steps` tell for which step of the pipeline a value is computed, where that is known; a file
    does not say so.
    """

    proto: onnx.ModelProto
    signature: Signature
    steps: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def size(self) -> int:
        """Bytes of the file that :meth:`save` writes."""
        return int(self.proto.ByteSize())

    def serialized(self) -> bytes:
        """The model as :meth:`save` writes it."""
        return bytes(self.proto.SerializeToString(deterministic=True))

    def save(self, path: Path) -> None:
        """Write the model as one file.

        Raises:
            NotWritable: the place may not be written.
        """
        try:
            path.write_bytes(self.serialized())
        except OSError as error:
            raise NotWritable(str(path), error.strerror or str(error)) from error

    def run(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """The answers of ONNX Runtime to raw rows: CPU, one thread.

        Returns by output name: `label` [N] i64 or `str`, `probabilities` [N, K] f32 in the order
        of the signature's classes, `value` [N, width] f32.

        Raises:
            SampleLacksColumn: the frame has not all columns.
            RowsRefused: a value has no place in its column, or the runtime refuses the rows.
        """
        feeds = self.signature.feeds(frame)
        names = [output.name for output in self.signature.outputs]
        try:
            answers = self._session().run(names, feeds)
        except Exception as error:  # the runtime's own errors have no common class
            raise RowsRefused(
                f"ONNX Runtime does not answer: {_first_line(error)}",
                fix="the rows hold something that the estimator was not fitted for",
            ) from error
        return {
            output.name: _shaped(np.asarray(answer), output)
            for output, answer in zip(self.signature.outputs, answers, strict=True)
        }

    def _session(self) -> Any:
        if "session" not in self._kept:
            self._kept["session"] = open_session(self.proto)
        return self._kept["session"]


def open_session(proto: onnx.ModelProto) -> Any:
    """ONNX Runtime with the model: CPU, one thread."""
    import onnxruntime

    demand_sound_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _shaped(answer: np.ndarray, output: Output) -> np.ndarray:
    if output.role == "label":
        flat = answer.reshape(-1)
        return flat.astype(str) if output.kind is Kind.STRING else flat
    return answer.reshape(-1, output.width)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__


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
            f"{path.name} is not a sound ONNX model: {_first_line(error)}", fix="export it again"
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
