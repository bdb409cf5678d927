"""Estimator to ONNX: raw rows in, and the same answers.

runtime     which installed libraries give wrong results, and are refused
refused     which estimators would be exported wrongly without an error, and are refused
convert     estimator + sample -> Graph
converters/ each class of estimator as nodes
trees/      trees of every kind in one form, cut on the raw columns
foreign     single estimators that are left to skl2onnx
assembly    nodes -> draft -> model
rewrites/   a draft becomes a smaller one that answers the same
weights     those of matrix products in 16 or 8 bits, on request
zipmap      probabilities as maps, on request
graph       the ONNX model with its signature: run it, save it, read it again
sessions    how ONNX Runtime is asked
ort_format  the model in ONNX Runtime's own format, for reduced builds
upstream    our converters in skl2onnx's own way
"""

from lastmile.exporting.onnx.convert import to_onnx
from lastmile.exporting.onnx.graph import Graph, load_graph

__all__ = ["Graph", "load_graph", "to_onnx"]
