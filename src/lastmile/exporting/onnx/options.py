"""What may be chosen about a graph."""

from dataclasses import dataclass
from typing import Literal

from lastmile.exporting.onnx.weights import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a graph is written.

    score: a classifier's `decision_function` as a further output. trees: the operator set of
    `ai.onnx.ml` that trees are written in; 5 is smaller, 3 is read by older runtimes. weights: how
    those of matrix products are stored. zipmap: probabilities as a sequence of maps from class to
    number, instead of an array.
    """

    score: bool = False
    trees: Literal[3, 5] = 5
    weights: Weights = "float32"
    zipmap: bool = False
