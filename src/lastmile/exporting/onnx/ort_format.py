"""The graph in ONNX Runtime's own format, for a reduced build of the runtime on a phone.

A reduced build reads this format only, and has only the operators that a configuration file names:
the bundle brings both.
"""

import io
import tempfile
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import RowsRefused
from lastmile.exporting.onnx.graph import Graph
from lastmile.exporting.onnx.sessions import answers_of, first_line, open_session, session_options
from lastmile.exporting.signature import Signature


@dataclass(frozen=True, slots=True)
class OrtModel:
    """A file in ONNX Runtime's own format: `data`, and its `operators` as a build's options.

    operators: a line for each operator set, `domain;version;names`.
    """

    data: bytes
    operators: str
    signature: Signature

    def run(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """The answers to raw rows, as :meth:`Graph.run` gives them."""
        return answers_of(_opened(self.data), self.signature, frame)


def to_ort(graph: Graph) -> OrtModel:
    """The same model in ONNX Runtime's own format.

    Only optimizations that hold on every processor are made.
    """
    import onnxruntime
    from onnxruntime.tools.ort_format_model import create_config_from_models

    options = session_options()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.add_session_config_entry("session.save_model_format", "ORT")
    with tempfile.TemporaryDirectory() as folder:
        model, config = Path(folder, "model.ort"), Path(folder, "operators.config")
        options.optimized_model_filepath = str(model)
        open_session(graph.serialized(), options)
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # it does not close what it reads
            create_config_from_models([model], config, enable_type_reduction=False)
        lines = config.read_text(encoding="utf-8").splitlines()
        named = [line for line in lines if line and not line.startswith("#")]
        return OrtModel(model.read_bytes(), "\n".join(named) + "\n", graph.signature)


def load_ort(path: Path, signature: Signature) -> OrtModel:
    """The model in a file of that format.

    Raises:
        RowsRefused: the runtime does not take it.
    """
    data = path.read_bytes()
    try:
        _opened(data)
    except Exception as error:
        raise RowsRefused(
            f"{path.name} is no model that ONNX Runtime reads: {first_line(error)}",
            fix="export it again",
        ) from error
    return OrtModel(data, "", signature)


def _opened(data: bytes) -> Any:
    options = session_options()
    options.add_session_config_entry("session.load_model_format", "ORT")
    return open_session(data, options)
