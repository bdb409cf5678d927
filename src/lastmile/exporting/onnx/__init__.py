"""Estimator to ONNX: raw rows in, and the same answers.

runtime   which installed libraries give wrong results, and are refused
refused   which estimators would be exported wrongly without an error, and are refused
prepare   a copy of the estimator, written in the words of the phone
missing   the way that a missing number takes through scikit-learn's trees
convert   estimator + sample -> Graph
graph     the ONNX model with its signature: run it, save it, read it again
"""

from lastmile.exporting.onnx.convert import to_onnx
from lastmile.exporting.onnx.graph import Graph, load_graph

__all__ = ["Graph", "load_graph", "to_onnx"]
