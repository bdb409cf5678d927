"""Trees of every kind, in one form: read from estimators, cut exactly, written as one node.

forest     the form
reading    from scikit-learn's estimators
cuts       thresholds moved to the columns themselves
writing    as operators of `ai.onnx.ml`, with `compact` for the smaller one
operators  the operators read back
"""

from lastmile.exporting.onnx.trees.cuts import cut, exceeds
from lastmile.exporting.onnx.trees.forest import Forest, Tree, joined
from lastmile.exporting.onnx.trees.writing import classifier, margins, regressor

__all__ = ["Forest", "Tree", "classifier", "cut", "exceeds", "joined", "margins", "regressor"]
