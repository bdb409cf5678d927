"""Stages that change every element of an array."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lastmile.exporting.claims import ML, claims
from lastmile.exporting.coreml.features import Feature, Form, Vector
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.schema import messages
from lastmile.exporting.coreml.stages.shared import need, need_row
from lastmile.exporting.coreml.view import Node
from lastmile.exporting.signature import Kind


@claims("Scaler", domain=ML)
def scaler(pipeline: Pipeline, node: Node, x: Vector) -> Vector:
    """(x - offset) * scale.  x: [1, C] -> [1, C].

    Core ML computes scale * (x + shift) in 64-bit floats (source: `Scaler.proto`).
    """
    need_row(x)
    return _scaled(pipeline, x, -node.array("offset"), node.array("scale"))


@claims("Add", "Sub", "Mul", "Div", since=7)
def affine(pipeline: Pipeline, node: Node, x: Any, y: Any) -> Vector:
    """A sum, difference, product or quotient of a row and a constant.  [1, C] -> [1, C].

    Core ML's scaler is all four: scale * (x + shift). A quotient is the product with 1 / y.
    """
    flipped = not isinstance(x, Vector)
    row, constant = (y, x) if flipped else (x, y)
    need_row(row)
    need(isinstance(constant, np.ndarray), "both are computed from the row")
    need(row.kind is Kind.FLOAT, "whole numbers")
    values = constant.astype(np.float64)
    need(np.broadcast_shapes(values.shape, row.shape) == row.shape, "it makes the row wider")
    need(not (flipped and node.op.type == "Div"), "a constant divided by the row")
    with np.errstate(divide="ignore"):
        shift, scale = _AFFINE[node.op.type, flipped](values)
    need(np.isfinite([shift, scale]).all(), "a constant that is not a finite number")
    return _scaled(pipeline, row, shift.ravel(), scale.ravel())


_AFFINE: dict[tuple[str, bool], Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    ("Add", False): lambda c: (c, np.ones_like(c)),
    ("Add", True): lambda c: (c, np.ones_like(c)),
    ("Sub", False): lambda c: (-c, np.ones_like(c)),
    ("Sub", True): lambda c: (-c, -np.ones_like(c)),
    ("Mul", False): lambda c: (np.zeros_like(c), c),
    ("Mul", True): lambda c: (np.zeros_like(c), c),
    ("Div", False): lambda c: (np.zeros_like(c), 1.0 / c),
}


def _scaled(pipeline: Pipeline, x: Vector, shift: np.ndarray, scale: np.ndarray) -> Vector:
    for values in (shift, scale):
        need(values.size in (1, x.width), "its numbers do not fit the columns")
    array = pipeline.array(x, "numbers")
    made = Feature(pipeline.fresh(f"{array.name}_scaled"), array.form, array.width)
    message = pipeline.stage("scaler", [array], [made])
    message.shiftValue.extend(np.broadcast_to(shift, (x.width,)).tolist())
    message.scaleValue.extend(np.broadcast_to(scale, (x.width,)).tolist())
    return Vector((made,), x.shape, x.kind)


@claims("Normalizer", domain=ML)
def normalizer(pipeline: Pipeline, node: Node, x: Vector) -> Vector:
    """Each row divided by its norm.  x: [1, C] -> [1, C].

    Not for the norm `MAX`, which Core ML takes without the sign (source: `Normalizer.proto`).
    """
    need_row(x)
    norm = node.attr("norm", "MAX")
    need(norm in ("L1", "L2"), f"the norm {norm}")
    array = pipeline.array(x, "numbers", Form.ARRAY64)
    made = Feature(pipeline.fresh(f"{array.name}_normed"), array.form, array.width)
    message = pipeline.stage("normalizer", [array], [made])
    message.normType = messages("Normalizer").Normalizer.NormType.Value(norm)
    return Vector((made,), x.shape, x.kind)
