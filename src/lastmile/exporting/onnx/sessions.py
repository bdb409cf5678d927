"""ONNX Runtime, as every graph is asked here: on the CPU, in one thread."""

from typing import Any

import numpy as np
import onnx
import pandas as pd

from lastmile.errors import RowsRefused
from lastmile.exporting.onnx.runtime import demand_sound_runtime
from lastmile.exporting.onnx.zipmap import unzipped
from lastmile.exporting.signature import Kind, Output, Signature


def session_options() -> Any:
    """Options of a session: one thread, and no words."""
    import onnxruntime

    demand_sound_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options


def open_session(model: onnx.ModelProto | bytes, options: Any = None) -> Any:
    """ONNX Runtime with the model, or with the bytes of one."""
    import onnxruntime

    data = model if isinstance(model, bytes) else model.SerializeToString()
    return onnxruntime.InferenceSession(
        data, options or session_options(), providers=["CPUExecutionProvider"]
    )


def answers_of(session: Any, signature: Signature, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """A session's answers to raw rows, by output name.

    Raises:
        SampleLacksColumn: the frame has not all columns.
        RowsRefused: a value has no place in its column, or the runtime refuses the rows.
    """
    feeds = signature.feeds(frame)
    names = [output.name for output in signature.outputs]
    try:
        answers = session.run(names, feeds)
    except Exception as error:  # the runtime's own errors have no common class
        raise RowsRefused(
            f"ONNX Runtime does not answer: {first_line(error)}",
            fix="the rows hold something that the estimator was not fitted for",
        ) from error
    return {
        output.name: _shaped(answer, output)
        for output, answer in zip(signature.outputs, answers, strict=True)
    }


def _shaped(answer: Any, output: Output) -> np.ndarray:
    if isinstance(answer, list):
        return unzipped(answer, output)
    array = np.asarray(answer)
    if output.role == "label":
        flat = array.reshape(-1)
        return flat.astype(str) if output.kind is Kind.STRING else flat
    return array.reshape(-1, output.width)


def first_line(error: Exception) -> str:
    """What an error of the runtime says first."""
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
