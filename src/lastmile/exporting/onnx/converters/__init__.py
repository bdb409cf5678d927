"""Estimators as nodes: one function for each class, or family of classes, that we write ourselves.

    composition  pipelines, columns side by side, searches

`CONVERTERS` is the table of all of them. A class that is not in it is left to skl2onnx.
"""

from lastmile.exporting.onnx.converters import composition
from lastmile.exporting.onnx.writer import collected

CONVERTERS = collected([composition])
"""The converter of each class, by library and class name."""
