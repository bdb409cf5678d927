"""What may be chosen about a graph."""

from dataclasses import dataclass
from typing import Literal

Trees = Literal["compact", "classic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a graph is written.

    trees: `compact` writes `TreeEnsemble` of `ai.onnx.ml` 5, a third of the size, for ONNX Runtime
    1.20 and later; `classic` the operators of `ai.onnx.ml` 3. score: a classifier's
    `decision_function` as a further output. zipmap: probabilities also as a sequence of maps from
    class to probability, for programs that read skl2onnx's default.
    """

    trees: Trees = "compact"
    score: bool = False
    zipmap: bool = False
